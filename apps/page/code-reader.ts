/** A picture for the worker; its bytes are RGBA and move there. */
export interface DecoderFrame {
  id: number
  pixels: ArrayBuffer
  width: number
  height: number
  isPhoto: boolean
}

/** What the worker read in it. */
export interface DecoderAnswer {
  id: number
  text: string | null
}

/** Sides of a photo that are tried, px: the largest first loses least, the smaller ones take noise and blur away. */
const PHOTO_SIDES = [1_600, 900, 500] as const

/** Pause before a worker that failed is started again. A guess. */
const RESTART_MS = 1_000

/** Reads QR codes in a worker, so that the page stays quick meanwhile. */
export class CodeReader {
  #worker: Worker | null = null
  readonly #waiting = new Map<number, (text: string | null) => void>()
  #last = 0
  #startedMs = Number.NEGATIVE_INFINITY

  /** The text of a code in the picture, or null. */
  async read({ data, width, height }: ImageData, isPhoto: boolean): Promise<string | null> {
    const worker = this.#started()
    if (worker === null) return null
    const id = (this.#last += 1)
    const pixels = data.buffer
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      const frame: DecoderFrame = { id, pixels, width, height, isPhoto }
      worker.postMessage(frame, [pixels])
    })
  }

  /** The text of a code in a photo, or null: also for a file that is no picture. */
  async readPhoto(file: Blob): Promise<string | null> {
    const picture = await createImageBitmap(file).catch(() => null)
    if (picture === null) return null
    try {
      for (const side of PHOTO_SIDES) {
        const scale = Math.min(1, side / Math.max(picture.width, picture.height))
        const canvas = document.createElement('canvas')
        canvas.width = Math.max(1, Math.round(picture.width * scale))
        canvas.height = Math.max(1, Math.round(picture.height * scale))
        const context = canvas.getContext('2d', { willReadFrequently: true })
        if (context === null) return null
        context.drawImage(picture, 0, 0, canvas.width, canvas.height)
        const text = await this.read(context.getImageData(0, 0, canvas.width, canvas.height), true)
        if (text !== null) return text
      }
      return null
    } finally {
      picture.close()
    }
  }

  close(): void {
    this.#worker?.terminate()
    this.#worker = null
  }

  /** The worker. One that failed, since the node was away when it was to be loaded, is started again. */
  #started(): Worker | null {
    const nowMs = performance.now()
    if (this.#worker !== null || nowMs - this.#startedMs < RESTART_MS) return this.#worker
    this.#startedMs = nowMs
    const worker = new Worker('/gate-decoder.js', { type: 'module' })
    this.#worker = worker
    worker.addEventListener('message', ({ data }: MessageEvent<DecoderAnswer>) => {
      this.#waiting.get(data.id)?.(data.text)
      this.#waiting.delete(data.id)
    })
    worker.addEventListener('error', () => {
      worker.terminate()
      if (this.#worker === worker) this.#worker = null
      for (const resolve of this.#waiting.values()) resolve(null)
      this.#waiting.clear()
    })
    return worker
  }
}
