import * as fc from 'fast-check'
import { choices } from '../evaluation/choices.ts'
import { Reached } from '../evaluation/reached.ts'
import * as agreement from './agreement.ts'
import * as laws from './laws.ts'
import type { Law } from './laws.ts'

/** Seeds that one process runs. `law` is a name, or `all`. */
export interface CampaignPart {
  readonly law: string
  readonly from: number
  readonly count: number
}

/** What became of one law. */
export interface PartResult {
  readonly law: string
  readonly failures: readonly { readonly seed: number; readonly message: string }[]
  /** Histories that reached a state, by its name. */
  readonly reached: Record<string, number>
}

/** Characters of a message that tell enough of a difference. */
const MESSAGE_MAX = 1_500

/** Holds the law, or each of them, against one history for each seed. */
export function runSeeds({ law, from, count }: CampaignPart): PartResult[] {
  const { noteHistory: _, ...others } = laws
  const all: Record<string, Law> = { ...agreement, ...others }
  const named = Object.entries(all).filter(([name]) => law === 'all' || law === name)
  if (named.length === 0) throw new Error(`no law of the name ${law}`)
  return named.map(([name, holds]) => {
    const reached = new Reached()
    const failures: { seed: number; message: string }[] = []
    for (let seed = from; seed < from + count; seed += 1) {
      const [draw] = fc.sample(choices, { seed, numRuns: 1 })
      try {
        if (draw !== undefined) holds(draw, reached)
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        failures.push({ seed, message: message.slice(0, MESSAGE_MAX) })
      }
    }
    return { law: name, failures, reached: reached.counts }
  })
}

if (process.argv[2] === '--part')
  process.on('message', (part) => process.send?.(runSeeds(part as CampaignPart)))
