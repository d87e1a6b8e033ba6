export { recordJsonSchemaDocument } from './json-schema.ts';
export { type JsonValue, recordFromJson, recordJsonSchema, recordToJson } from './record-json.ts';
