export * from './event.ts';
export { Tracer } from './tracer.ts';
