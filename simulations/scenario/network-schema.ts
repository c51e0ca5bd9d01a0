import { z } from 'zod'
import { TIMETABLE_MAX } from '../network/index.ts'
import { real, sometimes, time, whole } from './drawn.ts'

/** How many nodes one scenario can have: the figure that 1,000 replicas are measured at, and some room. A guess. */
const NODES_MOST = 4_096

const kind = <const T extends string>(name: T): z.ZodLiteral<T> => z.literal(name)
const share = real(0, 1)
const nodes = whole(1, NODES_MOST)
const few = whole(1, 64)
const fewOrNone = whole(0, 64)
const aTime = time()
const someTime = time(1)
const shape = real(0.1, 100)
const place = z.strictObject({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
})

/** Spreads of a time, a constant written as the time alone. */
const timeSpreads = [
  z.strictObject({ kind: kind('constant'), value: aTime }),
  z.strictObject({ kind: kind('uniform'), least: aTime, most: aTime }),
  z.strictObject({ kind: kind('normal'), mean: aTime, deviation: aTime, least: aTime.optional() }),
  z.strictObject({ kind: kind('log-normal'), median: someTime, sigma: real(0, 10) }),
  z.strictObject({ kind: kind('exponential'), mean: someTime }),
  z.strictObject({ kind: kind('pareto'), least: someTime, shape: shape }),
  z.strictObject({ kind: kind('weibull'), scale: someTime, shape: shape }),
  z.strictObject({
    kind: kind('empirical'),
    quantiles: z
      .array(z.tuple([z.number().min(0).max(1), aTime]))
      .min(2)
      .max(1_000),
  }),
] as const

/** A time that is drawn anew each time it is needed. */
export const spread = z.discriminatedUnion('kind', [...timeSpreads])

/** Who is linked with whom. */
export const topology = z.discriminatedUnion('kind', [
  z.strictObject({ kind: kind('full'), nodes }),
  z.strictObject({ kind: kind('random-regular'), nodes, degree: few }),
  z.strictObject({ kind: kind('small-world'), nodes, degree: whole(2, 64), rewire: share }),
  z.strictObject({
    kind: kind('transit-stub'),
    transitDomains: few,
    transitNodes: few,
    stubsPerTransitNode: fewOrNone,
    stubNodes: few,
    density: share.optional(),
    delays: z.strictObject({ betweenTransit: aTime, transit: aTime, access: aTime, stub: aTime }),
  }),
  z.strictObject({
    kind: kind('geographic'),
    places: z.union([
      z.array(place).min(1).max(NODES_MOST),
      z.strictObject({ nodes, centres: z.array(place).min(1).max(64), radiusKm: real(0, 20_000) }),
    ]),
    links: z.union([z.literal('full'), z.strictObject({ nearest: few, random: fewOrNone })]),
    fibreFactor: real(1, 10).optional(),
  }),
  z.strictObject({
    kind: kind('islands'),
    sizes: z.array(whole(1, NODES_MOST)).min(1).max(256),
    bridges: fewOrNone.optional(),
  }),
])

/** Delays of links on top of the topology's. */
export const latency = z.strictObject({ perPair: spread.optional(), jitter: spread.optional() })

const bytesPerSecond = whole(1, 1_000_000_000_000)

/** A place whose nodes have a local network behind one uplink. */
export const venue = z.strictObject({
  nodes: z
    .array(whole(0, NODES_MOST - 1))
    .min(1)
    .max(NODES_MOST)
    .describe('places in the topology'),
  lan: z
    .strictObject({ latency: aTime.optional(), bytesPerSecond: bytesPerSecond.optional() })
    .optional()
    .describe('between its nodes: delay, and what all of them share'),
  uplink: z
    .strictObject({
      latency: aTime.optional(),
      upBytesPerSecond: bytesPerSecond.optional(),
      downBytesPerSecond: bytesPerSecond.optional(),
    })
    .optional()
    .describe('to everybody else, shared by its nodes'),
  timetable: z
    .array(z.strictObject({ at: aTime, uplink: z.enum(['up', 'down'], { error: 'up or down' }) }))
    .max(TIMETABLE_MAX)
    .optional()
    .describe(
      'when the uplink opens and closes, times ascending; it is up when a run begins and when faults end',
    ),
  closingNoticed: aTime.optional().describe('when both ends hear that it closed; default: at once'),
})

/** Capacities; what is left out has no limit. */
export const bandwidth = z.strictObject({
  upBytesPerSecond: bytesPerSecond.optional(),
  downBytesPerSecond: bytesPerSecond.optional(),
  linkBytesPerSecond: bytesPerSecond.optional(),
})

/** How messages get lost. */
export const loss = z.discriminatedUnion('kind', [
  sometimes(z.strictObject({ kind: kind('independent'), probability: share })),
  sometimes(
    z.strictObject({ kind: kind('burst'), toBad: share, toGood: share, lossGood: share, lossBad: share }),
  ),
])
