import { z } from 'zod'
import { count, real, sometimes, time, whole } from './drawn.ts'
import { spread } from './network-schema.ts'

/** People of one world that a script can name. */
const PEOPLE_MOST = 256
const ACTS_MOST = 256

const few = count(256)
const person = z
  .int({ error: 'the number of a person' })
  .min(0)
  .max(PEOPLE_MOST - 1)
  .describe('members from 0 on, the founder first, then forkers, then joiners')
const people = z.array(person).max(PEOPLE_MOST)
const aTime = time()

const WORDS = [
  'remove',
  'demote',
  'steward',
  'role',
  'rules',
  'slots',
  'close',
  'lift',
  'floor',
  'adopt',
  'replace',
] as const

const act = z.strictObject({
  at: aTime,
  what: z
    .enum(
      ['propose', 'suspend', 'leave', 'recover', 'lose', 'admit', 'list', 'partition', 'absence', 'fork'],
      { error: 'propose, suspend, leave, recover, lose, admit, list, partition, absence or fork' },
    )
    .describe(
      'lose: the device is gone for good; list: it writes an entry of the catalogue; fork: a cheat parts',
    ),
  by: person.optional().describe('who does it, or whom it befalls'),
  of: person.optional().describe('to whom, or who is admitted'),
  change: z
    .enum(WORDS, { error: WORDS.join(', ') })
    .optional()
    .describe('what a proposal asks for'),
  yes: people
    .optional()
    .describe(
      'who approves, the others decline; or whose kits speak for a recovery; default: drawn, its own',
    ),
  groups: z
    .array(people)
    .max(64)
    .optional()
    .describe(
      'of a partition: all others are one more, and `by` talks to all; of a fork: the second sees the second history',
    ),
  for: aTime.default(0).describe('how long a partition or an absence lasts'),
  times: whole(1, 1_000).default(1),
  every: aTime.default(0).describe('time between repetitions'),
})

/** Who decides, and what people ask for and do to each other. */
export const authority = sometimes(
  z.strictObject({
    stewards: whole(1, 15).describe(
      'when it begins: members, the founder first, and those forkers who sign twice',
    ),
    quorum: z.enum(['two-thirds', 'majority'], { error: 'two-thirds or majority' }).default('two-thirds'),
    recovery: z
      .enum(['member-quorum', 'kits'], { error: 'member-quorum or kits' })
      .default('member-quorum')
      .describe('who makes stewards when they are gone'),
    doubleSigners: few.optional().describe('forkers who are stewards'),
    withholders: few
      .optional()
      .describe('stewards who leave with their first signature and bring it much later'),
    admitters: whole(1, 12).default(1).describe('members, the founder first, who may admit'),
    joiners: few.optional().describe('people who are admitted while it runs'),
    proposals: few.optional(),
    suspensions: few.optional(),
    leaves: few.optional(),
    recoveries: few.optional().describe('voices of members for a recovery'),
    approval: real(0, 1).default(0.7).describe('share of proposals that a steward approves of'),
    considerFor: spread.default(spread.parse({ kind: 'exponential', mean: '5s' })),
    lookEvery: time(1_000_000)
      .default(30_000_000)
      .describe('how often keepers look although nothing happened'),
    oneLineWithin: time(1_000_000).optional().describe('from the end of the faults; default: not asked'),
    acts: z.array(act).max(ACTS_MOST).default([]).describe('what happens whatever is drawn'),
  }),
)
