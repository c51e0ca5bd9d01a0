import type { Tone } from './verdict.ts'

/** Notes of a tone: frequency in Hz, start and length in ms. Yes rises; no is low and double: told apart without looking. */
const NOTES: Readonly<Record<Tone, readonly (readonly [number, number, number])[]>> = {
  yes: [
    [880, 0, 90],
    [1_320, 90, 140],
  ],
  open: [
    [880, 0, 90],
    [1_320, 90, 90],
    [880, 180, 120],
  ],
  no: [
    [165, 0, 220],
    [147, 260, 320],
  ],
  wait: [
    [330, 0, 140],
    [262, 160, 200],
  ],
  lost: [
    [220, 0, 120],
    [220, 180, 120],
    [220, 360, 260],
  ],
}

/** Vibration and pauses, ms. */
const BUZZ: Readonly<Record<Tone, number[]>> = {
  yes: [70],
  open: [70, 60, 70],
  no: [260, 90, 260],
  wait: [160, 90, 160],
  lost: [120, 80, 120, 80, 260],
}

/** Sound and vibration. Browsers give sound only after the first tap or key. */
export class Signals {
  #audio: AudioContext | null = null

  /** True when a tone would be heard. */
  get isAudible(): boolean {
    return this.#audio?.state === 'running'
  }

  /** To be called by a tap or key press. */
  unlock(): void {
    this.#audio ??= new AudioContext()
    if (this.#audio.state !== 'running') void this.#audio.resume()
  }

  play(tone: Tone): void {
    // Without vibration, or before the first tap, browsers only return false.
    if (typeof navigator.vibrate === 'function') navigator.vibrate(BUZZ[tone])
    const audio = this.#audio
    if (audio === null || audio.state !== 'running') return
    for (const [frequency, startMs, lengthMs] of NOTES[tone]) {
      const [note, volume] = [audio.createOscillator(), audio.createGain()]
      note.type = tone === 'yes' || tone === 'open' ? 'sine' : 'square'
      note.frequency.value = frequency
      const start = audio.currentTime + startMs / 1_000
      const end = start + lengthMs / 1_000
      volume.gain.setValueAtTime(0.0001, start)
      volume.gain.exponentialRampToValueAtTime(note.type === 'sine' ? 0.5 : 0.25, start + 0.01)
      volume.gain.setValueAtTime(note.type === 'sine' ? 0.5 : 0.25, end - 0.02)
      volume.gain.exponentialRampToValueAtTime(0.0001, end)
      note.connect(volume).connect(audio.destination)
      note.start(start)
      note.stop(end)
    }
  }

  async close(): Promise<void> {
    await this.#audio?.close()
    this.#audio = null
  }
}
