// SPL for the editor: what is a command, a function, a string, a number, a field.
import {
  HighlightStyle,
  LanguageSupport,
  StreamLanguage,
  type StringStream,
  syntaxHighlighting,
} from "@codemirror/language";
import { tags } from "@lezer/highlight";

/** The commands the server runs. */
export const COMMANDS = [
  "search",
  "where",
  "eval",
  "fields",
  "table",
  "rename",
  "spath",
  "mvexpand",
  "stats",
  "chart",
  "timechart",
  "sort",
  "head",
  "tail",
  "dedup",
  "top",
  "rare",
  "rex",
  "bin",
  "eventstats",
  "fillnull",
  "regex",
  "convert",
  "makeresults",
  "reverse",
];

export const FUNCTIONS = [
  "count",
  "dc",
  "sum",
  "avg",
  "min",
  "max",
  "median",
  "mode",
  "range",
  "stdev",
  "values",
  "list",
  "first",
  "last",
  "earliest",
  "latest",
  "if",
  "case",
  "coalesce",
  "isnull",
  "isnotnull",
  "match",
  "like",
  "len",
  "lower",
  "upper",
  "substr",
  "replace",
  "split",
  "mvcount",
  "mvindex",
  "mvjoin",
  "mvfilter",
  "round",
  "floor",
  "ceiling",
  "abs",
  "now",
  "strftime",
  "strptime",
  "relative_time",
  "tonumber",
  "tostring",
  "cidrmatch",
  "spath",
];

const WORDS = new Set([
  "AND",
  "OR",
  "NOT",
  "IN",
  "by",
  "as",
  "over",
  "output",
  "path",
  "input",
  "BY",
  "AS",
  "OVER",
  "OUTPUT",
]);
const commands = new Set(COMMANDS);
const functions = new Set(FUNCTIONS);

type State = { commandNext: boolean; inString: boolean };

function token(stream: StringStream, state: State): string | null {
  if (state.inString) return stringRest(stream, state);
  if (stream.eatSpace()) return null;
  if (stream.eat('"')) {
    state.inString = true;
    return stringRest(stream, state);
  }
  if (stream.match("```")) {
    if (!stream.skipTo("```")) stream.skipToEnd();
    else stream.match("```");
    return "comment";
  }
  if (stream.match(/^'[^']*'/)) return "propertyName";
  if (stream.eat("|") || stream.eat("[")) {
    state.commandNext = true;
    return "separator";
  }
  if (stream.match(/^[-+]?\d+(\.\d+)?(?![\w.])/)) return "number";
  if (stream.match(/^[A-Za-z_][\w.:{}-]*/)) return word(stream, state);
  stream.next();
  return stream.current().match(/[=<>!+*/%-]/) ? "operator" : null;
}

function stringRest(stream: StringStream, state: State): string {
  let escaped = false;
  for (let c = stream.next(); c !== undefined; c = stream.next()) {
    if (c === '"' && !escaped) {
      state.inString = false;
      break;
    }
    escaped = c === "\\" && !escaped;
  }
  return "string";
}

function word(stream: StringStream, state: State): string {
  const text = stream.current();
  const isCommand = state.commandNext && commands.has(text.toLowerCase());
  state.commandNext = false;
  if (isCommand) return "keyword";
  if (functions.has(text.toLowerCase()) && stream.match(/^\s*\(/, false)) return "function";
  if (WORDS.has(text)) return "operatorKeyword";
  return stream.match(/^\s*=/, false) ? "propertyName" : "variableName";
}

const language = StreamLanguage.define<State>({
  name: "spl",
  startState: () => ({ commandNext: true, inString: false }),
  token,
  tokenTable: { function: tags.function(tags.variableName) },
  languageData: { closeBrackets: { brackets: ["(", "[", '"'] } },
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--code-command)", fontWeight: "600" },
  { tag: tags.operatorKeyword, color: "var(--code-command)" },
  { tag: tags.function(tags.variableName), color: "var(--code-function)" },
  { tag: tags.string, color: "var(--code-string)" },
  { tag: tags.number, color: "var(--code-number)" },
  { tag: tags.propertyName, color: "var(--code-field)" },
  { tag: tags.separator, color: "var(--muted)", fontWeight: "700" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
]);

export function spl(): LanguageSupport {
  return new LanguageSupport(language, [syntaxHighlighting(colours)]);
}
