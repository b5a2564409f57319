/**
 * The word before the credentials in Authorization: the schemes of IANA's registry, and what else is used a lot. It may be
 * seen, for it explains the rest; any other first word may be a secret itself.
 */
export const SCHEME =
  /^(?:Basic|Bearer|Concealed|Digest|DPoP|GNAP|HOBA|Mutual|Negotiate|NTLM|OAuth|PrivateToken|SCRAM-SHA-(?:1|256)|vapid|Token|ApiKey|AWS4-HMAC-SHA256)[ \t]+(?=\S)/i;

/** The fields of a request that say who the client is: of HTTP, and those in which APIs have keys and tokens. */
export const CREDENTIAL_FIELD =
  /^(?:authorization|proxy-authorization|cookie2?|(?:x-)?(?:api-?key|auth-?(?:key|token)|access-?token)|private-token|x-goog-api-key|x-amz-security-token)$/i;
