// Fetches or opens a bundle and checks it, away from the page's thread; tells every step as it is settled.
import { digestNamed } from "./digest.js";
import { verify } from "./verify.js";
import { verifyPublic } from "./verify-public.js";
import { ZipFiles } from "./zip.js";

/** The bytes of an address, told as they come in. */
async function fetched(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  const total = Number(answer.headers.get("content-length")) || 0;
  const pieces = [];
  let loaded = 0;
  for (const reader = answer.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    loaded += value.length;
    postMessage({ loaded, total });
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

onmessage = async ({ data }) => {
  try {
    const bytes = data.file ? new Uint8Array(await data.file.arrayBuffer()) : await fetched(data.address);
    postMessage({ working: true });
    const files = new ZipFiles(bytes);
    const isPublic = files.has("public-bundle.json");
    const checker = isPublic ? "verify_public.py" : "verify.py";
    const digest = files.has(checker) ? digestNamed("sha256").hexOfBytes(await files.read(checker)) : "";
    postMessage({ checker, digest });
    const progress = (row) => postMessage({ row });
    const { code } = await (isPublic ? verifyPublic : verify)(files, { progress });
    postMessage({ code });
  } catch (error) {
    postMessage({ error: error.message });
  }
};
