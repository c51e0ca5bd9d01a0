import type { Stream, StreamMessageEvent } from '@libp2p/interface'
import { FrameSplitter, prefixFrame } from '#protocol/sync'

/** Received bytes at which the sender is asked to pause; two full frames keep a fast sender busy. */
const RECEIVE_BYTES_MAX = 2 * 1024 * 1024
/** Frames that wait to be read; above any honest peer's. Frames of a few bytes cost far more memory than they hold. */
export const RECEIVE_FRAMES_MAX = 10_000
/** Unsent bytes above which `send` waits: keeps a fast stream busy, and two of them do not fill a small box. */
export const SEND_BYTES_MAX = 1024 * 1024
/** How long a peer may take nothing while `send` waits: it stopped reading. */
const DRAIN_TIMEOUT_MS = 30_000

/** Why a framed stream ended before its owner closed it. */
export class StreamEnded extends Error {
  readonly code = 'stream-ended'
  /** What the peer sent that no honest one does; null when the stream ended otherwise. */
  readonly fault: 'malformed-frame' | 'flooding' | null

  constructor(message: string, fault: StreamEnded['fault'] = null) {
    super(message)
    this.fault = fault
  }
}

/** A libp2p stream that carries length-prefixed frames, with backpressure and deadlines in both directions. */
export class FramedStream {
  readonly stream: Stream
  readonly #splitter: FrameSplitter
  #frames: Uint8Array[] = []
  #queuedBytes = 0
  #end: StreamEnded | null = null
  #isPaused = false
  #wake: (() => void) | null = null
  bytesIn = 0
  bytesOut = 0
  /** Called with how many bytes are here of a frame that is not whole, when no frame before it waits. */
  onPart: ((bytes: number) => void) | null = null

  constructor(stream: Stream, frameBytesMax: number) {
    this.stream = stream
    this.#splitter = new FrameSplitter(frameBytesMax)
    stream.addEventListener('message', (event) => this.#receive(event.data))
    stream.addEventListener('remoteCloseWrite', () => this.#finish('the peer closed the stream'))
    stream.addEventListener('close', () => this.#finish('the stream closed'))
  }

  /** True once nothing more can arrive. */
  get hasEnded(): boolean {
    return this.#end !== null && this.#frames.length === 0
  }

  /** The next frame; rejects with `StreamEnded`, or when `timeoutMs` passed (null: wait for ever). */
  async next(timeoutMs: number | null): Promise<Uint8Array> {
    const frame = this.#frames.shift() ?? (await this.#wait(timeoutMs))
    this.#queuedBytes -= frame.length
    if (this.#isPaused && this.#queuedBytes < RECEIVE_BYTES_MAX / 2 && this.stream.status === 'open') {
      this.#isPaused = false
      this.stream.resume()
    }
    return frame
  }

  /** Sends a frame; resolves when the stream takes more. */
  async send(frame: Uint8Array): Promise<void> {
    await this.sendRaw(prefixFrame(frame))
  }

  /** Sends bytes that already carry their prefixes. */
  async sendRaw(bytes: Uint8Array): Promise<void> {
    if (this.stream.status !== 'open') throw new StreamEnded('the stream is closed')
    this.bytesOut += bytes.length
    this.stream.send(bytes)
    // Not `onDrain`: in libp2p 3.3 it waits for the first drain in a stream's life and never again.
    while (this.stream.writeBufferLength > SEND_BYTES_MAX) await this.#sendProgress()
  }

  /** Ends the stream at once. */
  abort(reason: string, fault: StreamEnded['fault'] = null): void {
    this.#finish(reason, fault)
    if (this.stream.status === 'open' || this.stream.status === 'closing')
      this.stream.abort(new Error(reason))
  }

  /** Sends what is buffered and ends the stream. */
  async close(): Promise<void> {
    await this.stream.close({ signal: AbortSignal.timeout(2_000) }).catch(() => this.abort('close timed out'))
  }

  /** Resolves when the peer took something; rejects when it takes nothing or the stream closes. */
  async #sendProgress(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const onDrain = (): void => resolve()
    const onClose = (): void => reject(new StreamEnded('the stream closed'))
    const timer = setTimeout(
      () => reject(new StreamEnded(`the peer took nothing for ${DRAIN_TIMEOUT_MS} ms`)),
      DRAIN_TIMEOUT_MS,
    )
    this.stream.addEventListener('drain', onDrain)
    this.stream.addEventListener('close', onClose)
    try {
      await promise
    } finally {
      clearTimeout(timer)
      this.stream.removeEventListener('drain', onDrain)
      this.stream.removeEventListener('close', onClose)
    }
  }

  async #wait(timeoutMs: number | null): Promise<Uint8Array> {
    const deadline =
      timeoutMs === null ? null : setTimeout(() => this.#finish(`nothing in ${timeoutMs} ms`), timeoutMs)
    try {
      for (;;) {
        const frame = this.#frames.shift()
        if (frame !== undefined) return frame
        if (this.#end !== null) throw this.#end
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    } finally {
      if (deadline !== null) clearTimeout(deadline)
    }
  }

  #receive(data: StreamMessageEvent['data']): void {
    if (this.#end !== null) return
    for (const chunk of data instanceof Uint8Array ? [data] : data) {
      this.bytesIn += chunk.length
      const split = this.#splitter.push(chunk)
      if (!split.ok) return this.abort(split.refusal, 'malformed-frame')
      for (const frame of split.frames) {
        this.#frames.push(frame)
        this.#queuedBytes += frame.length
      }
      if (this.#frames.length > RECEIVE_FRAMES_MAX) return this.abort('too many small frames', 'flooding')
    }
    if (!this.#isPaused && this.#queuedBytes > RECEIVE_BYTES_MAX) {
      this.#isPaused = true
      this.stream.pause()
    }
    if (this.#frames.length === 0) this.onPart?.(this.#splitter.bufferedBytes)
    this.#notify()
  }

  #finish(reason: string, fault: StreamEnded['fault'] = null): void {
    this.#end ??= new StreamEnded(reason, fault)
    this.#notify()
  }

  #notify(): void {
    this.#wake?.()
    this.#wake = null
  }
}
