// Reads the declarations of the built package with the TypeScript compiler, as an editor does.
//
//   node docs.mjs check PACKAGE LEDGER   fails on a public `any`, an undocumented public item, a method that names another
//                                        scope or page than the ledger, an example that does not compile, an option of which
//                                        an editor shows nothing
//   node docs.mjs api PACKAGE LEDGER     prints api.md
//
// TYPESCRIPT names the compiler's module, LEDGER the file that `cargo run --example ledger` printed.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import process from "node:process";

const [command, folder, ledgerFile] = process.argv.slice(2);
const ts = createRequire(import.meta.url)(process.env.TYPESCRIPT);
const packageFolder = resolve(folder);
const ledger = JSON.parse(readFileSync(ledgerFile, "utf8"));
const manifest = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8"));
/** The declarations of an entry, as `import` finds them. */
const typesOf = (target) => target.types ?? target.default?.types;
const entries = Object.values(manifest.exports).map(typesOf).filter((types) => types !== undefined);

const options = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
    types: [],
    strict: true,
    noEmit: true,
    allowArbitraryExtensions: true,
};

/** A program over files on disk and texts that stand beside the package's own files. */
function compile(files, texts = new Map()) {
    const host = ts.createCompilerHost(options);
    const { fileExists, readFile, getSourceFile } = host;
    host.fileExists = (name) => texts.has(name) || fileExists(name);
    host.readFile = (name) => texts.get(name) ?? readFile(name);
    host.getSourceFile = (name, version, ...rest) =>
        texts.has(name)
            ? ts.createSourceFile(name, texts.get(name), version, true)
            : getSourceFile(name, version, ...rest);
    return ts.createProgram([...files, ...texts.keys()], options, host);
}

const program = compile(entries.map((types) => join(packageFolder, types)));
const checker = program.getTypeChecker();

const isOurs = (node) => node.getSourceFile().fileName.startsWith(packageFolder);
const real = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
const text = (parts) => ts.displayPartsToString(parts).trim();
const where = (node) => {
    const file = node.getSourceFile();
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    return `${file.fileName.slice(packageFolder.length + 1)}:${line + 1}`;
};
const hasTag = (node, name) => ts.getJSDocTags(node).some((tag) => tag.tagName.text === name);
const exportsOf = (file) => checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)));

/** What a user sees of the package: `visit` gets every declaration, member and parameter once. */
function walkSurface(visit) {
    const queue = entries.flatMap((types) => exportsOf(join(packageFolder, types)));
    const seen = new Set();
    for (let symbol = queue.shift(); symbol !== undefined; symbol = queue.shift()) {
        symbol = real(symbol);
        if (seen.has(symbol)) continue;
        seen.add(symbol);
        for (const declaration of (symbol.declarations ?? []).filter(isOurs)) {
            const owner = declaration.name?.getText() ?? symbol.name;
            visit({ kind: "declaration", name: owner, node: declaration, symbol });
            inner(declaration, owner);
        }
    }

    function inner(node, owner) {
        ts.forEachChild(node, (child) => {
            // What a conditional type compares with is no part of it.
            if (ts.isJSDoc(child) || (ts.isConditionalTypeNode(node) && child === node.extendsType)) return;
            let name = owner;
            if (ts.isClassElement(child) || ts.isTypeElement(child) || ts.isEnumMember(child)) {
                if (isHidden(child)) return;
                name = `${owner}.${memberName(child)}`;
                visit({ kind: "member", name, node: child, symbol: checker.getSymbolAtLocation(child.name ?? child) });
            } else if (ts.isParameter(child) && child.name.getText() !== "this" && !ts.isFunctionTypeNode(node) && !ts.isIndexSignatureDeclaration(node)) {
                visit({ kind: "parameter", name: `${owner}(${child.name.getText()})`, node: child });
            }
            visit({ kind: "node", name, node: child });
            const named = ts.isTypeReferenceNode(child)
                ? child.typeName
                : ts.isExpressionWithTypeArguments(child)
                  ? child.expression
                  : ts.isTypeQueryNode(child)
                    ? child.exprName
                    : undefined;
            const symbol = named && checker.getSymbolAtLocation(named);
            // A type parameter is explained by what it parametrises.
            if (symbol && !(symbol.flags & ts.SymbolFlags.TypeParameter)) queue.push(symbol);
            inner(child, name);
        });
    }
}

function isHidden(member) {
    const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
    const isPrivate = member.name !== undefined && ts.isPrivateIdentifier(member.name);
    return isPrivate || (ts.getCombinedModifierFlags(member) & hidden) !== 0 || hasTag(member, "internal");
}

function memberName(member) {
    if (ts.isConstructorDeclaration(member)) return "constructor";
    return member.name?.getText() ?? "[index]";
}

/** The documentation of a declaration or member, inherited where an override says nothing itself. */
function documentation(node, symbol) {
    const own = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
    const comment = own
        .map((doc) => ts.getTextOfJSDocComment(doc.comment) ?? "")
        .join("\n")
        .trim();
    return comment || (symbol ? text(symbol.getDocumentationComment(checker)) : "");
}

/** The method of the client that an operation of the ledger names. */
function method(operation) {
    const [resource, name] = operation.name.split(".");
    const client = exportsOf(join(packageFolder, typesOf(manifest.exports["."]))).find(
        ({ name }) => name === "PaymentsClient",
    );
    const property = checker.getDeclaredTypeOfSymbol(real(client)).getProperty(resource);
    const symbol = property && checker.getTypeOfSymbol(property).getProperty(name);
    if (!symbol) throw new Error(`PaymentsClient has no ${operation.name}, which the ledger names`);
    return { symbol, resource: checker.getTypeOfSymbol(property).symbol, node: symbol.declarations[0] };
}

function tag(node, name) {
    const found = ts.getJSDocTags(node).find((tag) => tag.tagName.text === name);
    // The compiler reads the scheme of a bare address as the name of a declaration.
    return found
        ?.getText()
        .replace(/^@\w+\s+/, "")
        .replace(/[\s*]+$/, "");
}

const fences = (markdown) => [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);

/** Each example of the documentation, with the place where it stands. */
function* examples() {
    const blocks = [];
    walkSurface(({ kind, node }) => {
        if (kind !== "declaration" && kind !== "member") return;
        for (const doc of ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc)) {
            const plain = doc.getText().replace(/^\s*\* ?/gm, "");
            blocks.push(...fences(plain).map((code) => ({ code, at: where(doc) })));
        }
    });
    const readme = readFileSync(join(packageFolder, "README.md"), "utf8");
    blocks.push(...fences(readme).map((code, index) => ({ code, at: `README.md, block ${index + 1}` })));
    yield* blocks;
}

/** What examples take for given, so that each shows only what it is about. */
const GIVEN = `
import type { PaymentsClient } from "${manifest.name}";
import type { D1Database, OAuth } from "${manifest.name}/edge";
declare global {
    interface Env {
        DB: D1Database;
    }
    interface ExecutionContext {
        waitUntil(work: Promise<unknown>): void;
    }
    interface GatewayCharge {
        id: string;
        status: "processing" | "paid" | "declined";
        declined: boolean;
        transactionId: string;
        cents: number;
        refundedCents: number;
        currency: string;
        paidAt: number;
    }
    /** The client of a payment gateway: each has its own. */
    const gateway: {
        charge(order: { minor: number; currency: string; reference: string }): Promise<GatewayCharge>;
        charge(id: string): Promise<GatewayCharge>;
        find(charge: { chargeId?: string | undefined; transactionId: string }): Promise<GatewayCharge | null>;
        refund(chargeId: string, cents: number, idempotencyKey: string): Promise<{ id: string }>;
        saveCard(contactId: string): Promise<void>;
        subscription(id: string): Promise<{ id: string; nextCharge: number }>;
    };
    /** The accounts of a payment provider, in a database of its own. */
    const accounts: any;
    const html: string;
    const oauth: OAuth;
    const request: Request;
    const sessionOf: (request: Request) => Promise<{ locationId: string } | null>;
    const sessionCookie: (locationId: string) => Promise<string>;
    const payments: PaymentsClient;
    const token: string;
    const locationId: string;
    const orderId: string;
}
`;

function brokenExamples() {
    const found = [...examples()];
    const places = new Map(
        found.map(({ code, at }, index) => [join(packageFolder, `example-${index}.ts`), { code, at }]),
    );
    const texts = new Map([[join(packageFolder, "given.ts"), GIVEN]]);
    for (const [file, { code }] of places) texts.set(file, `${code}\nexport {};\n`);
    const compiled = compile([], texts);
    const broken = [...texts.keys()].flatMap((file) => {
        const source = compiled.getSourceFile(file);
        const errors = [...compiled.getSyntacticDiagnostics(source), ...compiled.getSemanticDiagnostics(source)];
        const at = places.get(file)?.at ?? "what examples take for given";
        return errors.map((error) => `${at}: ${ts.flattenDiagnosticMessageText(error.messageText, " ")}`);
    });
    return { count: found.length, broken };
}

/** What is wrong with what an editor shows where options are written: at each name, and where the token is missing. */
function mute() {
    const file = join(packageFolder, "editor.ts");
    const exported = exportsOf(join(packageFolder, typesOf(manifest.exports["."])));
    const names = (name) => {
        const symbol = real(exported.find((symbol) => symbol.name === name));
        return checker.getDeclaredTypeOfSymbol(symbol).getProperties().map((property) => property.name);
    };
    const literal = (all) => `{ ${all.map((name) => `${name}: null as never`).join(", ")} }`;
    // With a token: of a `baseUrl` alone an editor cannot tell which of the two options it is, and shows only its type.
    const others = names("ClientSettings").filter((name) => name !== "token");
    const code = [
        `import { PaymentsClient } from "${manifest.name}";`,
        "declare const given: string;",
        "declare const payments: PaymentsClient;",
        "new PaymentsClient({ token: () => given });",
        `new PaymentsClient(${literal(others).replace("{ ", "{ token: given, ")});`,
        `payments.orders.get(given, ${literal(names("CallOptions"))});`,
        `payments.orders.recordPaymentOnce(given, { mode: "cash" }, ${literal(names("RecordOnceOptions"))});`,
        "new PaymentsClient({ locationId: given });",
    ].join("\n");
    const service = ts.createLanguageService({
        ...ts.sys,
        getScriptFileNames: () => [file],
        getScriptVersion: () => "1",
        getScriptSnapshot: (name) => {
            const text = name === file ? code : ts.sys.readFile(name);
            return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
        },
        fileExists: (name) => name === file || ts.sys.fileExists(name),
        useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
        getCompilationSettings: () => options,
        getDefaultLibFileName: ts.getDefaultLibFilePath,
    });
    const shown = (position) => text(service.getQuickInfoAtPosition(file, position)?.documentation ?? []);
    const places = [...code.matchAll(/(\w+): (?:null as never|given[,}]|\(\) => given)/g)];
    const bare = places.filter(({ index }) => shown(index) === "").map(([, name]) => `an editor shows nothing at ${name}`);
    const errors = service.getSemanticDiagnostics(file).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
    // One error: the last line has neither a token nor a proxy.
    const told = errors.length === 1 && errors[0].includes("Property 'token' is missing");
    return { count: places.length, found: told ? bare : [...bare, `without a token the compiler says: ${errors.join("; ") || "nothing"}`] };
}

/** A constructor has no type of its own, an index signature a written one. */
const isTypeless = (node) => ts.isConstructorDeclaration(node) || ts.isIndexSignatureDeclaration(node);

function check() {
    const counts = { declaration: 0, member: 0, parameter: 0 };
    const any = [];
    const undocumented = [];
    walkSurface(({ kind, name, node, symbol }) => {
        if (kind === "node") {
            const loose = ts.isTypeReferenceNode(node) && node.typeName.getText() === "Function";
            if (node.kind === ts.SyntaxKind.AnyKeyword || loose) any.push(`${where(node)} ${name}`);
            return;
        }
        counts[kind] += 1;
        // A member without a written type is an `any` as well.
        if (kind !== "declaration" && !isTypeless(node) && checker.getTypeAtLocation(node).flags & ts.TypeFlags.Any) {
            any.push(`${where(node)} ${name}`);
        }
        if (kind === "parameter") {
            const inherits = ts.getJSDocCommentsAndTags(node.parent).length === 0;
            const said = ts.getJSDocParameterTags(node).some((tag) => tag.comment);
            if (!said && !inherits) undocumented.push(`${where(node)} ${name}`);
        } else {
            const shown = ts.isVariableDeclaration(node) ? node.parent.parent : node;
            if (documentation(shown, symbol) === "") undocumented.push(`${where(node)} ${name}`);
        }
    });
    const unlike = ledger.flatMap((operation) => {
        const { node, symbol } = method(operation);
        const scope = /[Ss]cope `([^`]+)`/.exec(text(symbol.getDocumentationComment(checker)))?.[1] ?? null;
        const page = tag(node, "see");
        return [
            ...(scope === operation.scope
                ? []
                : [`${operation.name} says scope ${scope}, the ledger ${operation.scope}`]),
            ...(page === operation.docs ? [] : [`${operation.name} links ${page}, the ledger ${operation.docs}`]),
        ];
    });
    const { count, broken } = brokenExamples();
    const editor = mute();

    const total = counts.declaration + counts.member + counts.parameter;
    console.log(
        `${total} public items: ${counts.declaration} declarations, ${counts.member} members, ${counts.parameter} parameters`,
    );
    const report = (what, list) => console.log([`${list.length} ${what}`, ...list].join("\n    "));
    report("public any", any);
    report("undocumented public items", undocumented);
    report(`of ${ledger.length} methods differ from the ledger in scope or link`, unlike);
    report(`errors in ${count} examples`, broken);
    report(`faults in what an editor shows at ${editor.count} options`, editor.found);
    return any.length + undocumented.length + unlike.length + broken.length + editor.found.length === 0;
}

const cell = (markdown) => markdown.replace(/\s*\n\s*/g, " ").replaceAll("|", "\\|");

const anchor = (heading) => heading.toLowerCase().replaceAll(".", "");

/** Whether an interface has fields to show: its own, or those of what it extends; of a generic one they are not known. */
const showsFields = (node) => node.members.length > 0 || (node.heritageClauses !== undefined && node.typeParameters === undefined);

/** The types of the package by name, each with the heading in api.md under which its fields stand. */
function documentedTypes() {
    const found = new Map();
    const resources = new Set(ledger.map((operation) => method(operation).resource));
    // The facade's own types come first; a model of the same name is what they are made from.
    walkSurface(({ kind, name, node, symbol }) => {
        if (kind !== "declaration" || found.has(name) || symbol.flags & ts.SymbolFlags.Class) return;
        // What the resources hold stands under their operations.
        const isData = ts.isInterfaceDeclaration(node) && showsFields(node) && !resources.has(symbol);
        if (isData || ts.isTypeAliasDeclaration(node)) found.set(name, { symbol, heading: name });
    });
    for (const operation of ledger) {
        const { parameters, result } = parts(operation);
        for (const { type } of [...parameters, { type: result }]) {
            const known = found.get(nameOf(type));
            if (known?.heading === nameOf(type) && fields(type).length > 0) known.heading = operation.name;
        }
    }
    return found;
}

/** The name under which a type is known; one with an argument, such as `Resumable<ListOrdersParams>`, goes by that. */
function nameOf(type) {
    const [argument] = type.aliasTypeArguments ?? [];
    return argument?.symbol?.name ?? type.aliasSymbol?.name ?? type.symbol?.name ?? checker.typeToString(type);
}

/** What a method takes besides its options, and what its promise is about. */
function parts(operation) {
    const { symbol } = method(operation);
    const [signature] = checker.getSignaturesOfType(checker.getTypeOfSymbol(symbol), ts.SignatureKind.Call);
    const parameters = signature.getParameters().filter(({ name }) => name !== "options");
    const promise = checker.getReturnTypeOfSignature(signature);
    const [result] = checker.getTypeArguments(promise);
    return {
        parameters: parameters.map((parameter) => ({
            name: parameter.name,
            type: checker.getNonNullableType(checker.getTypeOfSymbol(parameter)),
            written: written(parameter.declarations[0].type),
            docs: text(parameter.getDocumentationComment(checker)),
        })),
        result,
        paged: promise.symbol.name === "PagePromise",
    };
}

/** A type as its author wrote it, in one line. */
const written = (node) =>
    node
        .getText()
        .replace(/\/\*\*.*?\*\//gs, "")
        .replace(/\s+/g, " ")
        .replaceAll("Model.", "");

function typeCell(type, types) {
    const names = [...new Set(type.match(/\b[A-Z]\w+/g) ?? [])].filter((name) => types.has(name));
    const code = `\`${cell(type)}\``;
    // Of `Resumable<ListOrdersParams>` the argument is what a reader looks for.
    const [name] = names.slice(-1);
    return name && (names.length === 1 || type.includes(`<${name}>`))
        ? `[${code}](#${anchor(types.get(name).heading)})`
        : code;
}

/** The fields of a type: of a union those of all its members. */
function fields(type) {
    const whole = checker.getNonNullableType(type);
    const found = new Map();
    const members = whole.isUnion() ? whole.types : [whole];
    for (const member of members) {
        for (const property of checker.getPropertiesOfType(member)) {
            const [declaration] = property.declarations ?? [];
            if (!declaration || !isOurs(declaration)) continue;
            const type = declaration.type
                ? written(declaration.type)
                : checker.typeToString(checker.getTypeOfSymbol(property));
            const field = found.get(property.name) ?? {
                name: property.name,
                types: new Set(),
                docs: new Set(),
                count: 0,
                optional: false,
            };
            if (type !== "never") field.types.add(type);
            field.optional ||= (property.flags & ts.SymbolFlags.Optional) !== 0;
            field.docs.add(text(property.getDocumentationComment(checker)));
            field.count += 1;
            found.set(property.name, field);
        }
    }
    const rows = [...found.values()];
    return rows.map(({ name, types, docs, count, optional }) => ({
        name,
        // `string` of one beside `string | undefined` of another says nothing more.
        type: [...types].filter((type) => ![...types].some((other) => other.startsWith(`${type} | `))).join(" | "),
        docs: [...docs].join(" / "),
        optional: optional || count < members.length,
    }));
}

function table(rows, types) {
    if (rows.length === 0) return [];
    const lines = rows.map(({ name, type, optional, docs }) => {
        return `| \`${name}\`${optional ? "?" : ""} | ${typeCell(type, types)} | ${cell(docs)} |`;
    });
    return ["| field | type | |", "|---|---|---|", ...lines, ""];
}

function operationSection(operation, types) {
    const { symbol, node } = method(operation);
    const { parameters, result, paged } = parts(operation);
    const signature = node.parameters.map((parameter) => written(parameter)).join(", ");
    const lines = [
        `### ${operation.name}`,
        "",
        text(symbol.getDocumentationComment(checker)),
        "",
        "```ts",
        `payments.${operation.name}(${signature}): ${written(node.type)}`,
        "```",
        "",
    ];
    // A method that is made of several operations has no row in the ledger.
    if (operation.id !== undefined) {
        lines.push(
            "| | |",
            "|---|---|",
            `| request | \`${operation.method} ${operation.path}\` |`,
            `| scope | ${operation.scope ? `\`${operation.scope}\`` : "HighLevel names none"} |`,
            `| safety | ${operation.safety} |`,
            `| HighLevel's page | [${operation.id}](${operation.docs}) |`,
            "",
        );
    }
    // The fields of a type stand where it first comes up.
    const rows = (type) => (types.get(nameOf(type))?.heading === operation.name ? table(fields(type), types) : []);
    for (const { name, type, written, docs } of parameters) {
        lines.push(`\`${name}\`: ${typeCell(written, types)}. ${cell(docs)}`, "", ...rows(type));
    }
    lines.push(`${paged ? "Each record" : "Answer"}: ${typeCell(nameOf(result), types)}`, "", ...rows(result));
    return lines;
}

/** The methods of a resource beside its operations. */
function others(resource, own) {
    const names = checker.getDeclaredTypeOfSymbol(method(own[0]).resource).getProperties();
    const all = names.map((property) => ({ name: `${resource}.${property.name}` }));
    return all.filter(({ name }) => own.every((operation) => operation.name !== name));
}

function api() {
    const types = documentedTypes();
    const lines = [
        `# API of ${manifest.name}`,
        "",
        "Made by the build from the ledger of operations and the declarations. The last argument of every method, `options`, is a",
        "[`CallOptions`](#calloptions). A field with `?` may be left out or absent; amounts are in major units (`59.5` is 59.50), times",
        "are ISO 8601 texts.",
        "",
        "| method | request | scope | safety |",
        "|---|---|---|---|",
        ...ledger.map(({ name, method, path, scope, safety }) => {
            return `| [\`${name}\`](#${anchor(name)}) | \`${method} ${path}\` | ${scope ? `\`${scope}\`` : ""} | ${safety} |`;
        }),
        "",
        "A read and an idempotent write are sent again after a failure that may pass; a non-idempotent write only when the server",
        "surely did not act.",
        "",
    ];
    for (const resource of new Set(ledger.map(({ name }) => name.split(".")[0]))) {
        const own = ledger.filter(({ name }) => name.startsWith(`${resource}.`));
        lines.push(`## ${resource}`, "", text(method(own[0]).resource.getDocumentationComment(checker)), "");
        for (const operation of [...own, ...others(resource, own)]) lines.push(...operationSection(operation, types));
    }
    lines.push("## Types", "");
    const exported = new Set(entries.flatMap((types) => exportsOf(join(packageFolder, types))).map(real));
    const rest = [...types].filter(([name, { heading, symbol }]) => heading === name && exported.has(symbol));
    for (const [name, { symbol }] of rest.sort(([a], [b]) => (a < b ? -1 : 1))) {
        const [declaration] = symbol.declarations;
        lines.push(`### ${name}`, "", text(symbol.getDocumentationComment(checker)), "");
        if (ts.isTypeAliasDeclaration(declaration)) {
            const parameters = declaration.typeParameters?.map((parameter) => parameter.getText()).join(", ");
            const head = parameters === undefined ? name : `${name}<${parameters}>`;
            lines.push("```ts", `type ${head} = ${written(declaration.type)}`, "```", "");
        }
        const type = checker.getDeclaredTypeOfSymbol(symbol);
        const hasFields = (type.flags & (ts.TypeFlags.Object | ts.TypeFlags.UnionOrIntersection)) !== 0;
        if (hasFields && !declaration.typeParameters) lines.push(...table(fields(type), types));
    }
    console.log(lines.join("\n").trimEnd());
}

if (command === "check") process.exitCode = check() ? 0 : 1;
else if (command === "api") api();
else throw new Error(`there is no command ${command}`);
