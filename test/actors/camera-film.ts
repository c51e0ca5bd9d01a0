import { writeFile } from 'node:fs/promises'
import { encodeQR } from 'qr'

/** What a camera sees for a while: a QR code of a text, or (null) nothing. */
export interface Scene {
  text: string | null
  ms: number
}

const SIDE_PX = 400
const FRAMES_PER_SECOND = 10
/** Luma of table, paper and ink, and a little unevenness as real pictures have. */
const [TABLE, PAPER, INK] = [110, 225, 30]

/** Writes a film for the camera of a test's browser: uncompressed, since no encoder is needed for that. */
export async function writeFilm(path: string, scenes: readonly Scene[]): Promise<void> {
  const head = `YUV4MPEG2 W${SIDE_PX} H${SIDE_PX} F${FRAMES_PER_SECOND}:1 Ip A1:1 C420\n`
  const colour = Buffer.alloc((SIDE_PX * SIDE_PX) / 2, 128)
  const parts: Buffer[] = [Buffer.from(head)]
  for (const { text, ms } of scenes) {
    const frame = Buffer.concat([Buffer.from('FRAME\n'), pictureOf(text), colour])
    for (let i = 0; i < Math.round((ms / 1_000) * FRAMES_PER_SECOND); i += 1) parts.push(frame)
  }
  await writeFile(path, Buffer.concat(parts))
}

function pictureOf(text: string | null): Buffer {
  const picture = Buffer.alloc(SIDE_PX * SIDE_PX, TABLE)
  if (text === null) return picture
  const rows = encodeQR(text, 'raw', { ecc: 'low', border: 4 })
  const module = Math.floor((SIDE_PX * 0.9) / rows.length)
  const edge = Math.floor((SIDE_PX - module * rows.length) / 2)
  for (let y = 0; y < module * rows.length; y += 1)
    for (let x = 0; x < module * rows.length; x += 1) {
      const isDark = rows[Math.floor(y / module)]?.[Math.floor(x / module)] === true
      picture[(edge + y) * SIDE_PX + edge + x] = (isDark ? INK : PAPER) + ((x * 7 + y * 13) % 11)
    }
  return picture
}
