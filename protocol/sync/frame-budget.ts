import type { BucketBrief } from './frame.ts'
import { TAG_BYTES } from './frame.ts'
import { ANSWER_BYTES_PER_FRAME, FRAMES_BURST_MAX, FRAMES_PER_SECOND_MAX, TAGS_PER_FRAME } from './limits.ts'

/** What a peer may still ask for: every frame takes one, and what it makes this side say or do takes more. */
export class FrameBudget {
  #left = FRAMES_BURST_MAX
  #atMs: number

  constructor(nowMs: number) {
    this.#atMs = nowMs
  }

  /** Takes so many frames; false when they are used up. */
  take(frames: number, nowMs: number): boolean {
    const earned = (Math.max(0, nowMs - this.#atMs) / 1_000) * FRAMES_PER_SECOND_MAX
    this.#left = Math.min(FRAMES_BURST_MAX, this.#left + earned) - frames
    this.#atMs = nowMs
    return this.#left >= 0
  }
}

/** Frames that a brief counts for. */
export function framesOfBrief(buckets: readonly BucketBrief[]): number {
  const tags = buckets.reduce((sum, it) => sum + ('tags' in it ? it.tags.length / TAG_BYTES : 0), 0)
  return Math.floor(tags / TAGS_PER_FRAME)
}

/** Frames that rows of so many bytes count for. */
export function framesOf(bytes: number): number {
  return Math.floor(bytes / ANSWER_BYTES_PER_FRAME)
}
