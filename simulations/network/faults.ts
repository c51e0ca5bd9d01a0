import { distributionProblem } from '../kernel/index.ts'
import type { Distribution } from '../kernel/index.ts'

/**
 * How a link carries messages. `datagram`: a lost message is gone. `stream`: as over TCP, what is lost is sent again and
 * arrives late, everything behind it waits, and nothing is doubled or overtaken while the link is up.
 */
export type Transport = 'stream' | 'datagram'

/**
 * How messages get lost. `independent`: each with the same probability. `burst`: a link is good or bad, and loses with a
 * probability of its own in each state; it changes state before a message with `toBad` or `toGood` (E. N. Gilbert,
 * *Capacity of a burst-noise channel*, 1960; E. O. Elliott 1963).
 */
export type Loss =
  | { readonly kind: 'independent'; readonly probability: number }
  | {
      readonly kind: 'burst'
      readonly toBad: number
      readonly toGood: number
      readonly lossGood: number
      readonly lossBad: number
    }

/** What goes wrong on every link, per message. Probabilities from 0 to 1; left out: never. */
export interface LinkFaults {
  readonly loss?: Loss
  /** Probability that a message arrives twice. Datagrams only. */
  readonly duplicate?: number
  /** Messages that may be overtaken: how many, and how much later they come, in microseconds. Datagrams only. */
  readonly reorder?: { readonly probability: number; readonly delayUs: Distribution }
}

/** What is wrong with faults, in words; null when nothing is. */
export function faultsProblem(faults: LinkFaults, transport: Transport): string | null {
  const { loss, duplicate, reorder } = faults
  if (transport === 'stream' && (duplicate !== undefined || reorder !== undefined)) {
    return 'a stream neither doubles nor reorders messages; use datagrams, or leave duplicate and reorder out'
  }
  const probabilities: Record<string, number> = {}
  if (loss?.kind === 'independent') probabilities['loss'] = loss.probability
  if (loss?.kind === 'burst') {
    for (const name of ['toBad', 'toGood', 'lossGood', 'lossBad'] as const) probabilities[name] = loss[name]
  }
  if (duplicate !== undefined) probabilities['duplicate'] = duplicate
  if (reorder !== undefined) probabilities['reorder'] = reorder.probability
  for (const [name, value] of Object.entries(probabilities)) {
    if (!(value >= 0 && value <= 1)) return `${name}: a probability is a number from 0 to 1, not ${value}`
  }
  return reorder === undefined ? null : distributionProblem(reorder.delayUs)
}
