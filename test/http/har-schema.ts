/** HAR files checked against the JSON schema that browsers' tools and validators use (har-schema, draft 06). */
import { createRequire } from 'node:module';
import Ajv from 'ajv';
import formats from 'ajv-formats';

const require = createRequire(import.meta.url);
const schemas = require('har-schema') as Record<string, { readonly $id: string }>;

const ajv = new Ajv.default({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addMetaSchema(require('ajv/dist/refs/json-schema-draft-06.json'));
for (const schema of Object.values(schemas)) ajv.addSchema(schema);

/** What is wrong with it; empty for a valid one. */
export function validateHar(har: unknown): string[] {
  const validate = ajv.getSchema('har.json#') ?? ajv.getSchema('har.json');
  if (validate === undefined) throw new Error('the schema is not there');
  if (validate(har) === true) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
