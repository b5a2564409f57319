/** HTTP: methods, versions, statuses and the headers one meets most. */
import type { Entry } from './entry.ts';

export const METHODS: Readonly<Record<string, Entry>> = {
  GET: [
    'Asks for the resource itself.',
    'RFC 9110 section 9.3.1',
    'The server answers with a status, headers and the body.',
  ],
  HEAD: [
    'Asks for the head alone: what GET would say, without the body.',
    'RFC 9110 section 9.3.2',
    'The server answers with a status and headers.',
  ],
  POST: ['Hands the server data to work on.', 'RFC 9110 section 9.3.3'],
  PUT: ['Puts the data sent in the place named.', 'RFC 9110 section 9.3.4'],
  DELETE: ['Asks to remove the resource.', 'RFC 9110 section 9.3.5'],
  CONNECT: ['Asks a proxy for a way through to another host.', 'RFC 9110 section 9.3.6'],
  OPTIONS: ['Asks what can be done with the resource.', 'RFC 9110 section 9.3.7'],
  TRACE: ['Asks for the request back as it arrived.', 'RFC 9110 section 9.3.8'],
  PATCH: ['Changes a part of the resource.', 'RFC 5789 section 2'],
  QUERY: ['Asks as GET does, with the question in the body; it changes nothing.', 'RFC 10008 section 2'],
  PROPFIND: ['Asks for properties of the resource (WebDAV).', 'RFC 4918 section 9.1'],
  PROPPATCH: ['Sets and removes properties of the resource (WebDAV).', 'RFC 4918 section 9.2'],
  MKCOL: ['Makes a collection, which is a folder (WebDAV).', 'RFC 4918 section 9.3'],
  COPY: ['Copies the resource to the Destination (WebDAV).', 'RFC 4918 section 9.8'],
  MOVE: ['Moves the resource to the Destination (WebDAV).', 'RFC 4918 section 9.9'],
  LOCK: ['Locks the resource, or keeps the lock (WebDAV).', 'RFC 4918 section 9.10'],
  UNLOCK: ['Lets go of a lock (WebDAV).', 'RFC 4918 section 9.11'],
  PRI: ['Begins HTTP/2; no server of HTTP/1 takes it for a request.', 'RFC 9113 section 3.4'],
};

/** A method that is not in the table. */
export const OTHER_METHOD: Entry = [
  'A method that is none of the common ones; capitals matter, so that get is not GET.',
  'RFC 9110 section 9.1',
  'A server that does not know it answers 501.',
];

/** The forms of what is asked for, between the method and the version. */
export const TARGETS = {
  origin: ['What is asked for on the server: the path, and after ? the query.', 'RFC 9112 section 3.2.1'],
  absolute: ['What is asked for, by its whole address: so a proxy is asked.', 'RFC 9112 section 3.2.2'],
  authority: ['The host and port that the way through shall lead to.', 'RFC 9112 section 3.2.3'],
  asterisk: ['The server as a whole, no single resource.', 'RFC 9112 section 3.2.4'],
} satisfies Record<string, Entry>;

export const VERSIONS: Readonly<Record<string, Entry>> = {
  'HTTP/0.9': ['The first version: no head at all, only the page.', 'RFC 1945 sections 3.1 and 4.1'],
  'HTTP/1.0': [
    'One request a connection; the body ends with the connection unless Content-Length says where.',
    'RFC 1945 sections 1.3 and 7.2.2',
  ],
  'HTTP/1.1': ['The connection may stay open for more, and Host must be sent.', 'RFC 9112 sections 3.2 and 9.3'],
  'HTTP/2': ['The same in binary frames; tools that show it as lines have translated it.', 'RFC 9113 section 2'],
  'HTTP/3': ['The same over QUIC; tools that show it as lines have translated it.', 'RFC 9114 section 2'],
};

export const STATUS_CLASSES: Readonly<Record<string, Entry>> = {
  '1': ['Something before the answer; the answer itself follows.', 'RFC 9110 section 15.2'],
  '2': ['It worked.', 'RFC 9110 section 15.3'],
  '3': ['The answer is elsewhere.', 'RFC 9110 section 15.4'],
  '4': ['The server says that the request is at fault.', 'RFC 9110 section 15.5'],
  '5': ['The server says that it failed itself.', 'RFC 9110 section 15.6'],
};

const status = (section: string, means: string, next?: string): Entry =>
  next === undefined ? [means, `RFC 9110 section ${section}`] : [means, `RFC 9110 section ${section}`, next];

export const STATUSES: Readonly<Record<string, Entry>> = {
  '100': status('15.2.1', 'Go on and send the body.'),
  '101': status('15.2.2', 'The server changes to another protocol.'),
  '102': ['The server is still at work (withdrawn by RFC 4918).', 'RFC 2518 section 10.1'],
  '103': ['Links that will be needed, sent ahead of the answer.', 'RFC 8297 section 2'],
  '104': [
    'What has come of an upload so far is kept: it can be taken up again after a break.',
    'IANA registry HTTP Status Codes, for the time being; draft-ietf-httpbis-resumable-upload',
  ],
  '200': status('15.3.1', 'OK: the body is what was asked for.', 'The body follows the empty line.'),
  '201': status('15.3.2', 'Something new was made.'),
  '202': status('15.3.3', 'Taken, but not done yet.'),
  '203': status('15.3.4', 'OK, but a proxy has changed the answer.'),
  '204': status('15.3.5', 'OK, and there is no body.'),
  '205': status('15.3.6', 'OK, and there is no body; what the client shows, such as a form, starts afresh.'),
  '206': status('15.3.7', 'A part of the resource, as asked for.'),
  '207': ['Several answers in one, each with its own status.', 'RFC 4918 section 11.1'],
  '208': ['Already told in another part of the answer.', 'RFC 5842 section 7.1'],
  '226': ['What has changed since, in place of the whole.', 'RFC 3229 section 10.4.1'],
  '300': status('15.4.1', 'There are several; choose one.'),
  '301': status('15.4.2', 'It has moved for good.', 'Ask again at the address in Location.'),
  '302': status('15.4.3', 'It is elsewhere for now.', 'Ask again at the address in Location.'),
  '303': status('15.4.4', 'The answer is at another address.', 'GET the address in Location.'),
  '304': status('15.4.5', 'It has not changed: use what you have.'),
  '305': status('15.4.6', 'Was to name a proxy to use; abolished.'),
  '306': status('15.4.7', 'Not in use any more.'),
  '307': status(
    '15.4.8',
    'It is elsewhere for now; ask there in the same way.',
    'Ask again at the address in Location.',
  ),
  '308': status('15.4.9', 'It has moved for good; ask there in the same way.', 'Ask again at the address in Location.'),
  '400': status('15.5.1', 'The server does not understand the request.'),
  '401': status('15.5.2', 'Say who you are first; WWW-Authenticate says how.'),
  '402': status('15.5.3', 'Reserved; servers that say it ask for a payment.'),
  '403': status('15.5.4', 'The server understood, and will not.'),
  '404': status('15.5.5', 'There is nothing at this address.'),
  '405': status('15.5.6', 'Not by this method; Allow lists those that work.'),
  '406': status('15.5.7', 'The server has nothing in the form asked for.'),
  '407': status('15.5.8', 'Say to the proxy who you are.'),
  '408': status('15.5.9', 'The request took too long to come.'),
  '409': status('15.5.10', 'It does not go with the state of the resource.'),
  '410': status('15.5.11', 'It was here, and is gone for good.'),
  '411': status('15.5.12', 'Content-Length is needed.'),
  '412': status('15.5.13', 'A condition of the request does not hold.'),
  '413': status('15.5.14', 'The body of the request is too big.'),
  '414': status('15.5.15', 'The address is too long.'),
  '415': status('15.5.16', 'The server does not take this kind of content.'),
  '416': status('15.5.17', 'The part asked for does not exist.'),
  '417': status('15.5.18', 'What Expect asked for cannot be met.'),
  '418': status('15.5.19', 'Reserved, for a joke is made with it: the server is a teapot.'),
  '421': status('15.5.20', 'This server does not answer for that host.'),
  '422': status('15.5.21', 'Well written, but it makes no sense to the server.'),
  '423': ['The resource is locked.', 'RFC 4918 section 11.3'],
  '424': ['Another step failed that this one depends on.', 'RFC 4918 section 11.4'],
  '425': ['Too early: the request could be a replay.', 'RFC 8470 section 5.2'],
  '426': status('15.5.22', 'Another protocol is needed; Upgrade names it.'),
  '428': ['The request must be conditional.', 'RFC 6585 section 3'],
  '429': ['Too many requests.', 'RFC 6585 section 4', 'Wait as long as Retry-After says.'],
  '431': ['The headers of the request are too big.', 'RFC 6585 section 5'],
  '451': ['Withheld for legal reasons.', 'RFC 7725 section 3'],
  '500': status('15.6.1', 'The server failed.'),
  '501': status('15.6.2', 'The server does not do this method.'),
  '502': status('15.6.3', 'A proxy got a bad answer from the server behind it.'),
  '503': status('15.6.4', 'Not available now.', 'Wait as long as Retry-After says.'),
  '504': status('15.6.5', 'A proxy waited in vain for the server behind it.'),
  '505': status('15.6.6', 'The server does not speak this version of HTTP.'),
  '506': ['The server is set up wrongly: a choice leads back to itself.', 'RFC 2295 section 8.1'],
  '507': ['The server has no room for it.', 'RFC 4918 section 11.5'],
  '508': ['The server went round in circles.', 'RFC 5842 section 7.2'],
  '510': ['An extension of HTTP is needed (historic).', 'RFC 2774 section 7'],
  '511': ['The network wants a login first.', 'RFC 6585 section 6'],
};
