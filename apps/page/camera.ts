import type { CodeReader } from './code-reader.ts'

/** Why there is no picture. `insecure`: the browser gives no camera to pages over plain http from elsewhere. */
export type CameraState = 'off' | 'starting' | 'on' | 'refused' | 'insecure'

/** Side of the square in the middle of a frame that is read, px: a code that fills half of it has 6 px a module. */
const SQUARE_MAX = 720
/** Pause between two readings: 12 a second find a code at once and leave the phone cool. */
const PAUSE_MS = 80

/** The rear camera, read in a loop. */
export class Camera {
  readonly #reader: CodeReader
  readonly #on: { state: (state: CameraState) => void; code: (text: string, frameMs: number) => void }
  readonly #canvas = document.createElement('canvas')
  #stream: MediaStream | null = null
  #video: HTMLVideoElement | null = null
  #run = 0
  #isTorchOn = false

  /** @param on.code - a code in a frame that was taken at `frameMs` (`performance.now()`) */
  constructor(
    reader: CodeReader,
    on: { state: (state: CameraState) => void; code: (text: string, frameMs: number) => void },
  ) {
    this.#reader = reader
    this.#on = on
  }

  /** Asks for the camera and reads until it is stopped. */
  async start(video: HTMLVideoElement): Promise<void> {
    this.stop()
    const run = this.#run
    // Undefined where the page is no secure context, whatever the types say.
    const devices = navigator.mediaDevices as MediaDevices | undefined
    if (devices === undefined) return this.#on.state(isSecureContext ? 'refused' : 'insecure')
    this.#on.state('starting')
    try {
      const stream = await devices.getUserMedia({
        audio: false,
        video: { facingMode: { ideal: 'environment' }, width: { ideal: 1_280 }, height: { ideal: 720 } },
      })
      if (run !== this.#run) {
        for (const track of stream.getTracks()) track.stop()
        return
      }
      this.#stream = stream
      this.#video = video
      for (const track of stream.getVideoTracks())
        track.addEventListener('ended', () => {
          if (run === this.#run) this.#on.state('off')
        })
      video.srcObject = stream
      await video.play()
      this.#on.state('on')
      void this.#readFrames(video, run)
    } catch {
      if (run !== this.#run) return
      this.stop()
      this.#on.state('refused')
    }
  }

  stop(): void {
    this.#run += 1
    this.#isTorchOn = false
    for (const track of this.#stream?.getTracks() ?? []) track.stop()
    if (this.#video !== null) this.#video.srcObject = null
    this.#stream = null
    this.#video = null
  }

  /** True when this camera has a light that pages may switch. */
  get hasTorch(): boolean {
    const track = this.#stream?.getVideoTracks()[0]
    // Some browsers do not have the method, whatever the types say; none of the types have the light.
    const capabilities = (track as Partial<MediaStreamTrack> | undefined)?.getCapabilities?.call(track)
    return (capabilities as { torch?: boolean } | undefined)?.torch === true
  }

  /** True while the light is on by `setTorch`. */
  get isTorchOn(): boolean {
    return this.#isTorchOn
  }

  async setTorch(isOn: boolean): Promise<void> {
    const torch = { advanced: [{ torch: isOn }] } as unknown as MediaTrackConstraints
    await this.#stream?.getVideoTracks()[0]?.applyConstraints(torch)
    this.#isTorchOn = isOn
  }

  async #readFrames(video: HTMLVideoElement, run: number): Promise<void> {
    const context = this.#canvas.getContext('2d', { willReadFrequently: true })
    if (context === null) return
    while (run === this.#run) {
      const frameMs = performance.now()
      const side = Math.min(SQUARE_MAX, video.videoWidth, video.videoHeight)
      if (side > 0 && !document.hidden) {
        const source = Math.min(video.videoWidth, video.videoHeight)
        const [left, top] = [(video.videoWidth - source) / 2, (video.videoHeight - source) / 2]
        this.#canvas.width = side
        this.#canvas.height = side
        context.drawImage(video, left, top, source, source, 0, 0, side, side)
        const text = await this.#reader.read(context.getImageData(0, 0, side, side), false)
        if (text !== null && run === this.#run) this.#on.code(text, frameMs)
      }
      await new Promise((resolve) => {
        setTimeout(resolve, Math.max(10, PAUSE_MS - (performance.now() - frameMs)))
      })
    }
  }
}
