/** Maximum length of all picture URLs of a message: the server's limit. */
const MAX_LENGTH = 64 * 1024;

/** Longer sides, in pixels, that a picture above the limit is scaled to, one after the other. */
const SIDES = [1600, 1024, 640, 320];

const TYPES = {
  gif: "image/gif",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  mp4: "video/mp4",
  pdf: "application/pdf",
  png: "image/png",
  svg: "image/svg+xml",
  webp: "image/webp",
};

/** Returns a picture from the web. Addresses without a known ending are taken for photographs. */
export function fromAddress(address) {
  if (!/^https:\/\/./.test(address)) {
    throw new Error("The address of a picture starts with https://");
  }
  const ending = /\.([a-z0-9]+)$/i.exec(new URL(address).pathname)?.[1] ?? "";
  return { url: address, content_type: TYPES[ending.toLowerCase()] ?? "image/jpeg" };
}

/** Returns a picture from a file, scaled down when it would not fit beside the others. */
export async function fromFile(file, others) {
  if (!file.type.startsWith("image/")) throw new Error(`${file.name} is not a picture`);
  const room = MAX_LENGTH - others.reduce((sum, { url }) => sum + url.length, 0);
  const whole = await dataUrl(file);
  if (whole.length <= room) return { url: whole, content_type: file.type };
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error(`${file.name} is too large; choose a smaller one`);
  });
  for (const side of SIDES) {
    const url = shrunk(bitmap, side);
    if (url.length <= room) return { url, content_type: "image/jpeg" };
  }
  throw new Error(`${file.name} is too large beside the others; send it alone`);
}

function dataUrl(file) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = () => failed(new Error(`${file.name} cannot be read; choose another`));
    reader.readAsDataURL(file);
  });
}

function shrunk(bitmap, side) {
  const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", 0.8);
}
