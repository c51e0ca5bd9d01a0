import { z } from 'zod'
import { authority } from './authority-schema.ts'
import { count, real, sometimes, time, whole } from './drawn.ts'
import { trade } from './trade-schema.ts'
import { bandwidth, loss, spread, topology, venue } from './network-schema.ts'

const aTime = time()
const phase = time(1_000)
const entries = whole(0, 100_000)
const many = count(100_000)
const few = count(256)

/** A spread that most scenarios need not give. */
function spreadOr(mean: string): z.ZodDefault<typeof spread> {
  return spread.default(spread.parse({ kind: 'exponential', mean }))
}

const workload = z.strictObject({
  lists: entries.default(20).describe('entries of the catalogue, in all'),
  edits: entries.default(20).describe('edits of boards, in all'),
  boards: whole(1, 64).default(1),
  assets: sometimes(
    z.strictObject({ count: whole(0, 10_000), bytesMax: whole(1, 16_777_216).default(16_384) }),
  )
    .optional()
    .describe('files that members list and others fetch, and their largest size'),
  until: aTime.optional().describe('when the last one is written; default: the end of the faults'),
})

const clocks = z.strictObject({
  skew: aTime.default(0).describe('clocks are up to this far ahead or behind'),
  driftPpb: whole(0, 1_000_000)
    .default(0)
    .describe('parts per billion that they run too fast or slow at most'),
  jump: sometimes(z.strictObject({ probability: real(0, 1), most: aTime }))
    .optional()
    .describe('share of clocks that jump once, and how far at most'),
})

/** What a scenario may say; all that is left out is ideal, or never happens. */
export const scenarioSchema = z.strictObject({
  about: z
    .string({ error: 'a sentence on what it shows' })
    .min(1)
    .max(300)
    .describe('what it shows, in a sentence'),
  crypto: z
    .enum(['real', 'fast'], { error: 'real or fast' })
    .default('fast')
    .describe('real signatures, or a keyed hash in their place'),
  eventsMax: whole(1, 1_000_000_000).default(20_000_000).describe('events after which a run never ends'),
  topology,
  venues: z
    .array(venue)
    .max(256)
    .optional()
    .describe('places with a local network of their own behind one uplink'),
  members: whole(1, 4_096).describe(
    'devices that write, the founder among them; other honest places only read',
  ),
  isPreloaded: z
    .boolean({ error: 'true or false' })
    .default(false)
    .describe('all are admitted when it begins'),
  authority: authority
    .optional()
    .describe('stewards and what people decide; all members are then admitted when it begins'),
  trade: trade.optional().describe('what is sold, and how rights to sell it are spread'),
  faultsFor: phase.describe('how long faults happen'),
  convergeWithin: phase.describe('from the end of the faults until the core must agree'),
  isWholeCore: z
    .boolean({ error: 'true or false' })
    .default(false)
    .describe('after the faults all honest nodes come back at once'),
  latency: z
    .strictObject({ perPair: spread.optional(), jitter: spread.optional() })
    .default({})
    .describe('delays on top of those of the topology'),
  bandwidth: sometimes(bandwidth).optional().describe('left out: no limit'),
  loss: loss.optional().describe('links are streams: what is lost comes late'),
  fsync: spread.default(spread.parse({ kind: 'log-normal', median: '5ms', sigma: 0.7 })),
  isGossiping: z.boolean({ error: 'true or false' }).default(true),
  clocks: clocks.prefault({}),
  workload: workload.prefault({}),
  faults: z
    .strictObject({
      powerCuts: many.optional().describe('of single nodes'),
      offFor: spreadOr('10s').describe('after a power cut'),
      absences: many.optional().describe('nodes that leave the network and come back'),
      awayFor: spreadOr('20s'),
      absencesFrom: z
        .strictObject({ traceFile: z.string({ error: 'the path of a CSV file' }).min(1).max(1_000) })
        .optional()
        .describe('absences as in a trace: lines node,timeUs,up|down'),
      churn: sometimes(
        z.strictObject({
          nodes: whole(1, 4_096).describe('honest places that come and go all the time'),
          stayFor: spread.describe('measured: Weibull of shapes from 0.34 to 0.59, or Pareto'),
          awayFor: spread,
        }),
      )
        .optional()
        .describe('sessions and absences that are drawn anew each time'),
      partitions: few.optional().describe('cuts between two groups'),
      oneWayCuts: few.optional().describe('cuts of one direction of one link'),
      cutsLast: spreadOr('20s'),
      cutsNoticed: aTime.default(30_000_000).describe('when both ends notice that one direction is cut'),
      rots: many.optional().describe('records that decay on a disk'),
      assetRots: many.optional().describe('leaves of assets that decay on a disk'),
      fullDisks: many.optional(),
      slowDisks: many.optional(),
      slowness: whole(1, 10_000).default(50).describe('how many times slower a slow disk is'),
      diskFaultsLast: spreadOr('15s'),
      troubledReturns: many
        .optional()
        .describe('faults that meet nodes as they come back; forks then happen in partitions'),
      restores: few.optional().describe('devices that get an older image of their disk'),
      clones: few.optional().describe('devices of which a copy starts at a spare place'),
    })
    .prefault({}),
  adversaries: z
    .strictObject({
      forkers: few.optional().describe('write two histories and show each to half of their peers'),
      colluders: few.optional().describe('pairs of forkers that acknowledge each other'),
      liars: few.optional().describe('say what is not so'),
      stallers: few.optional().describe('begin and do not go on'),
      flooders: few.optional().describe('send or ask far too much'),
      lasting: sometimes(z.strictObject({}))
        .optional()
        .describe('liars, stallers and flooders go on until the core agrees on what the others wrote'),
    })
    .prefault({}),
})

/** A scenario as it was read, with what runs draw still open. */
export type OpenScenario = z.output<typeof scenarioSchema>
