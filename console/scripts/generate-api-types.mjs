// Writes src/api/types.gen.ts from the server's OpenAPI document. `--check` only compares.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const source = new URL("../../crates/edges/api-console/src/openapi.json", import.meta.url);
const target = new URL("../src/api/types.gen.ts", import.meta.url);

export function generate(document) {
  const schemas = Object.entries(document.components.schemas);
  const types = schemas.map(
    ([name, schema]) => `${comment(schema, "")}export type ${name} = ${type(schema, "")};\n`,
  );
  return `// Made by \`npm run api\` from the server's OpenAPI document. Do not edit.\n\n${types.join("\n")}`;
}

function comment(schema, indent) {
  return schema.description ? `${indent}/** ${schema.description} */\n` : "";
}

function type(schema, indent) {
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  // No type at all: any JSON.
  if (schema.type === undefined && !schema.anyOf) return "unknown";
  if (schema.anyOf) return schema.anyOf.map((one) => type(one, indent)).join(" | ");
  if (Array.isArray(schema.type))
    return schema.type.map((one) => type({ ...schema, type: one }, indent)).join(" | ");
  switch (schema.type) {
    case "string":
    case "boolean":
    case "null":
      return schema.type;
    case "integer":
    case "number":
      return "number";
    case "array":
      return `Array<${type(schema.items, indent)}>`;
    case "object":
      return objectType(schema, indent);
    default:
      throw new Error(`no rule for ${JSON.stringify(schema)}`);
  }
}

function objectType(schema, indent) {
  if (schema.additionalProperties === true) return "Record<string, unknown>";
  if (schema.additionalProperties) return `Record<string, ${type(schema.additionalProperties, indent)}>`;
  if (!schema.properties) return "Record<string, unknown>";
  const inner = `${indent}  `;
  const members = Object.entries(schema.properties).map(([name, property]) => {
    const mark = schema.required?.includes(name) ? "" : "?";
    return `${comment(property, inner)}${inner}${name}${mark}: ${type(property, inner)};`;
  });
  return `{\n${members.join("\n")}\n${indent}}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const made = generate(JSON.parse(readFileSync(source, "utf8")));
  if (!process.argv.includes("--check")) {
    writeFileSync(target, made);
  } else if (readFileSync(target, "utf8") !== made) {
    console.error("src/api/types.gen.ts is not what the OpenAPI document says; run `npm run api`");
    process.exit(1);
  }
}
