// Say what the AsyncAPI project's own parser makes of a document: its findings, and how much it has read.
import { fromFile, Parser } from "@asyncapi/parser";

const { document, diagnostics } = await fromFile(new Parser(), process.argv[2]).parse();
console.log(
  JSON.stringify({
    diagnostics: diagnostics.map(({ code, severity, message, path }) => ({ code, severity, message, path })),
    operations: document?.operations().all().length,
    messages: document?.components().messages().all().length,
  }),
);
