import { z } from 'zod'
import type { RandomStream, RandomStreams } from '../kernel/index.ts'

/** Values of which each run draws one. */
export class Draw<T> {
  /** `oneOf`: one of the values; `whole`, `real`: a number between the two, both included. */
  readonly how: 'oneOf' | 'whole' | 'real'
  readonly values: readonly T[]

  constructor(how: 'oneOf' | 'whole' | 'real', values: readonly T[]) {
    this.how = how
    this.values = values
  }

  /** Takes one draw. Real numbers are drawn on a grid of a thousand steps, so that they are short to write down. */
  take(random: RandomStream): unknown {
    if (this.how === 'oneOf') return random.pick(this.values)
    const [least = 0, most = 0] = this.values as readonly number[]
    if (this.how === 'whole') return random.between(least, most)
    return least + ((most - least) * random.below(GRID + 1)) / GRID
  }
}

const GRID = 1_000

/** Something that only a share of the runs has. */
export class Sometimes<T> {
  readonly chance: number
  readonly value: T

  constructor(chance: number, value: T) {
    this.chance = chance
    this.value = value
  }
}

/** `T` after everything was drawn; what did not come up is left out. */
export type Undrawn<T> =
  T extends Draw<infer V>
    ? V
    : T extends Sometimes<infer V>
      ? Undrawn<V> | undefined
      : T extends object
        ? { [K in keyof T]: Exclude<Undrawn<T[K]>, undefined> }
        : T

/**
 * Draws whatever a scenario leaves open. Each place has a stream of its own, named by its path, so that a new fault or
 * a wider range elsewhere changes nothing here.
 */
export function undraw<T>(value: T, random: RandomStreams, path = 'scenario'): Undrawn<T> {
  return drawAt(value, random, path) as Undrawn<T>
}

function drawAt(value: unknown, random: RandomStreams, path: string): unknown {
  if (value instanceof Draw) return value.take(random.stream(path))
  if (value instanceof Sometimes) {
    const isThere = random.stream(`${path} chance`).chance(value.chance)
    return isThere ? drawAt(value.value, random, path) : undefined
  }
  if (Array.isArray(value)) return value.map((item, i) => drawAt(item, random, `${path}.${i}`))
  if (typeof value !== 'object' || value === null) return value
  const drawn: Record<string, unknown> = {}
  for (const [key, part] of Object.entries(value)) {
    const taken = drawAt(part, random, `${path}.${key}`)
    if (taken !== undefined) drawn[key] = taken
  }
  return drawn
}

/** A number schema, in words and as what a scenario may write for it. */
type Numeric = z.ZodType<number>
/** A number, or a draw of one. */
export type Drawable = z.ZodType<number | Draw<number>>

/** A whole number that a scenario gives, or lets each run draw. */
export function whole(least: number, most: number): Drawable {
  const words = `a whole number from ${least} to ${most}`
  return drawable('whole', z.int({ error: words }).min(least, words).max(most, words), words)
}

/** A number that a scenario gives, or lets each run draw. */
export function real(least: number, most: number): Drawable {
  const words = `a number from ${least} to ${most}`
  return drawable('real', z.number({ error: words }).min(least, words).max(most, words), words)
}

/** Microseconds of each unit of time. */
const UNITS_US: Readonly<Record<string, number>> = {
  us: 1,
  ms: 1_000,
  s: 1_000_000,
  min: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
}
/** Longest time of a scenario: a year. */
const TIME_US_MAX = 31_536_000_000_000
const TIME = /^(\d{1,9}(?:\.\d{1,6})?) ?(us|ms|s|min|h|d)$/

/** A time with its unit, `250ms`, read into whole microseconds; or a draw of one. `leastUs`: the shortest allowed. */
export function time(leastUs = 0): Drawable {
  const words = 'a time with its unit (us, ms, s, min, h, d), such as 250ms or 1.5h, at most 365d'
  const one = z
    .string({ error: words })
    .regex(TIME, words)
    .transform((text) => timeUs(text))
    .refine((us) => us <= TIME_US_MAX, words)
    .refine((us) => us >= leastUs, `a time of at least ${leastUs}us`)
  return drawable('whole', one, words)
}

/** Whole microseconds of a text such as `1.5h`; NaN for what is no time. */
export function timeUs(text: string): number {
  const [, number, unit] = TIME.exec(text) ?? []
  return Math.round(Number(number) * (UNITS_US[unit ?? ''] ?? Number.NaN))
}

/** An object that a run has with the probability `chance`, always when that is left out. */
export function sometimes<S extends z.ZodObject>(
  schema: S,
): z.ZodPipe<S, z.ZodTransform<z.output<S> | Sometimes<z.output<S>>, z.output<S>>> {
  const words = 'a number from 0 to 1'
  const chance = z.number({ error: words }).min(0, words).max(1, words).optional()
  const piped = schema.extend({ chance }).transform((given) => {
    const { chance: share, ...value } = given as { chance?: number }
    return share === undefined ? value : new Sometimes(share, value)
  })
  return piped as unknown as ReturnType<typeof sometimes<S>>
}

/** How often something happens: a whole number, or a draw of one that only a share of the runs (`chance`) takes. */
export function count(most: number): z.ZodType<number | Draw<number> | Sometimes<Draw<number>>> {
  const words = `a whole number from 0 to ${most}`
  const one = z.int({ error: words }).min(0, words).max(most, words)
  const chance = z.number({ error: 'a number from 0 to 1' }).min(0).max(1).optional()
  const taken = (share: number | undefined, draw: Draw<number>): Draw<number> | Sometimes<Draw<number>> =>
    share === undefined ? draw : new Sometimes(share, draw)
  const range = z
    .strictObject({ from: one, to: one, chance })
    .refine(({ from, to }) => from <= to, 'from is at most to')
    .transform(({ from, to, chance: share }) => taken(share, new Draw<number>('whole', [from, to])))
  const some = z
    .strictObject({ oneOf: z.array(one).min(1).max(64), chance })
    .transform(({ oneOf, chance: share }) => taken(share, new Draw<number>('oneOf', oneOf)))
  return z.union([one, range, some], {
    error: `${words}, or { from, to, chance } or { oneOf: [..], chance }`,
  })
}

function drawable(how: 'whole' | 'real', one: Numeric, words: string): Drawable {
  const range = z
    .strictObject({ from: one, to: one })
    .refine(({ from, to }) => from <= to, 'from is at most to')
    .transform(({ from, to }) => new Draw<number>(how, [from, to]))
  const some = z
    .strictObject({ oneOf: z.array(one).min(1).max(64) })
    .transform(({ oneOf }) => new Draw<number>('oneOf', oneOf))
  return z.union([one, range, some], { error: `${words}, or { from, to } or { oneOf: [..] }` })
}
