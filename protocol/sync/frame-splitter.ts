/** What a splitter found in a stream. */
export type SplitResult =
  | { ok: true; frames: Uint8Array[] }
  | { ok: false; refusal: 'frame-too-long' | 'frame-empty' }

/**
 * Cuts a byte stream into frames of a 4-byte big-endian length and that many bytes. Buffers at most one frame; a
 * length of 0 or above the limit is refused as soon as it is read, before anything is kept for it.
 */
export class FrameSplitter {
  readonly #lengthMax: number
  readonly #prefix = new Uint8Array(PREFIX_BYTES)
  #prefixLength = 0
  #frame: Uint8Array | null = null
  #filled = 0

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax
  }

  /** Bytes kept for a frame that is not whole yet. */
  get bufferedBytes(): number {
    return this.#prefixLength + this.#filled
  }

  push(chunk: Uint8Array): SplitResult {
    const frames: Uint8Array[] = []
    let at = 0
    while (at < chunk.length) {
      if (this.#frame === null) {
        // Byte by byte: a view of four bytes costs more than they do.
        while (this.#prefixLength < PREFIX_BYTES && at < chunk.length) {
          this.#prefix[this.#prefixLength] = chunk[at] as number
          this.#prefixLength += 1
          at += 1
        }
        if (this.#prefixLength < PREFIX_BYTES) break
        let length = 0
        for (const byte of this.#prefix) length = length * 256 + byte
        if (length === 0) return { ok: false, refusal: 'frame-empty' }
        if (length > this.#lengthMax) return { ok: false, refusal: 'frame-too-long' }
        this.#frame = new Uint8Array(length)
        this.#filled = 0
      }
      const part = chunk.subarray(at, at + this.#frame.length - this.#filled)
      this.#frame.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
      if (this.#filled === this.#frame.length) {
        frames.push(this.#frame)
        this.#frame = null
        this.#filled = 0
        this.#prefixLength = 0
      }
    }
    return { ok: true, frames }
  }
}

/** A frame with its length prefix, as it goes on the stream. */
export function prefixFrame(frame: Uint8Array): Uint8Array {
  const whole = new Uint8Array(PREFIX_BYTES + frame.length)
  for (let i = 0; i < PREFIX_BYTES; i += 1) whole[i] = frame.length >>> (8 * (PREFIX_BYTES - 1 - i))
  whole.set(frame, PREFIX_BYTES)
  return whole
}

const PREFIX_BYTES = 4
