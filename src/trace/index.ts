/** plainwire/trace: what crossed the wire, as events, in several formats, and explained. */
export { arrows, tlsSummary } from './arrows.ts';
export * from './event.ts';
export { type Explanation, explain, explainer, explainLine } from './explain/index.ts';
export { explainTranscript, type TranscriptLine } from './explain/transcript.ts';
export { type Format, type FormatName, formats } from './formats.ts';
export { hex } from './hex.ts';
export { jsonLines } from './json.ts';
export { markdown } from './markdown.ts';
export { Picture, type PictureOptions } from './picture/index.ts';
export { eventsOf } from './recording.ts';
export { safe, textOf } from './render.ts';
export { smtplib } from './smtplib.ts';
export { swaks } from './swaks.ts';
export { explanationLines, type Part, type Style, type TextOptions, type Write } from './text.ts';
export { Tracer } from './tracer.ts';
export { parseTranscript, type Transcript, type TranscriptStep } from './transcript.ts';
export { wire } from './wire.ts';
