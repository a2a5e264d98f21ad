// BUNDLE BASE_URL ID: prints the conversation's outcome as JSON.
import { conversation } from './conversation.mjs';

const [bundle, baseUrl, id] = (globalThis.Deno?.args ?? process.argv.slice(2)).slice(-3);
const fastpaca = await import(bundle);
console.log(JSON.stringify(await conversation(fastpaca, baseUrl, id)));
