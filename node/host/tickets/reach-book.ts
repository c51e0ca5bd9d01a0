/** Remembers since when devices are out of reach, so that a gate can say how long it is cut off. */
export class ReachBook {
  readonly #startedMs: number
  #reached: ReadonlySet<string> = new Set()
  /** By device that was in reach and is not now. Bounded by the roster. */
  readonly #lostAtMs = new Map<string, number>()

  /** @param startedMs - before that nothing was in reach, Unix ms */
  constructor(startedMs: number) {
    this.#startedMs = startedMs
  }

  /** Devices (hex) that are in reach now. */
  update(reached: ReadonlySet<string>, nowMs: number): void {
    for (const device of this.#reached) if (!reached.has(device)) this.#lostAtMs.set(device, nowMs)
    this.#reached = reached
  }

  /** Since when none of these devices is in reach, Unix ms; null while one is. */
  aloneSince(devices: readonly string[]): number | null {
    if (devices.some((it) => this.#reached.has(it))) return null
    return Math.max(this.#startedMs, ...devices.map((it) => this.#lostAtMs.get(it) ?? 0))
  }
}
