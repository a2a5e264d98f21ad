import { readDimensions, type Dimensions } from './dimensions.js';

/** Tokens of an image of unknown size: one of 1024 × 1024. */
export const DEFAULT_IMAGE_TOKENS = 765;
/** Tokens of an image that OpenAI is asked to look at with `detail: "low"`, and the base of every other. */
export const BASE_IMAGE_TOKENS = 85;
const TILE_TOKENS = 170;
const TILE_PIXELS = 512;
const FIT_PIXELS = 2048;
const SHORT_SIDE_PIXELS = 768;

/** How much base64 is decoded in search of dimensions: the EXIF block of a JPEG takes up to 64 KiB before them. */
const HEAD_CHARACTERS = 128 * 1024;

/**
 * Tokens of an image by the tiles of gpt-4o: scaled down into 2048 × 2048, then until its short side is at most
 * 768; 85, and 170 for each 512-pixel tile. 1024 × 1024 makes 765.
 */
export function imageTokens({ width, height }: Dimensions): number {
  const fit = Math.min(1, FIT_PIXELS / Math.max(width, height));
  const scale = Math.min(fit, SHORT_SIDE_PIXELS / Math.min(width, height));
  // Rounded first: 1024 × (768 / 1024) must not become 768.0000001 and one more row of tiles.
  const tiles = (side: number): number => Math.max(1, Math.ceil(Math.round(side * scale) / TILE_PIXELS));
  return BASE_IMAGE_TOKENS + TILE_TOKENS * tiles(width) * tiles(height);
}

/** Tokens of an image given as base64; 765 where its head tells no dimensions. Decodes the head only. */
export function base64ImageTokens(base64: string): number {
  const dimensions = readDimensions(Buffer.from(base64.slice(0, HEAD_CHARACTERS), 'base64'));
  return dimensions === null ? DEFAULT_IMAGE_TOKENS : imageTokens(dimensions);
}
