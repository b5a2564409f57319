export * from './errors.ts';
export * from './http/index.ts';
export * from './mime/index.ts';
export * from './smtp/index.ts';
export * from './trace/index.ts';
export * from './transport/index.ts';
