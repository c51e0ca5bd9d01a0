import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { systemCode } from '#node/errors'

/** A sector of a failing disk takes at most so much with it. */
const PIECE_BYTES = 4_096

/** All bytes of a file; zeros where a failing disk gives nothing back. */
export async function readWhole(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const whole = await readPiece(file, 0, size)
    if (whole !== null) return whole
    const bytes = new Uint8Array(size)
    for (let at = 0; at < size; at += PIECE_BYTES) {
      const piece = await readPiece(file, at, Math.min(PIECE_BYTES, size - at))
      if (piece !== null) bytes.set(piece, at)
    }
    return bytes
  } finally {
    await file.close()
  }
}

/** Bytes of a part of a file; null where the file ends before, or the disk gives nothing back. */
export async function readPiece(file: FileHandle, at: number, length: number): Promise<Uint8Array | null> {
  const bytes = new Uint8Array(length)
  try {
    for (let read = 0; read < length;) {
      const { bytesRead } = await file.read(bytes, read, length - read, at + read)
      if (bytesRead === 0) return null
      read += bytesRead
    }
  } catch (cause) {
    if (systemCode(cause) !== 'EIO') throw cause
    return null
  }
  return bytes
}
