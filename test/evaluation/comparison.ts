import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import type { OracleResult } from './oracle.ts'
import type { Subject } from './subject.ts'
import { keyOf } from './world.ts'

/** Units that the generated histories use. */
export const UNITS = ['eur', 'seat']

/** Everything that a replica says, in ids of the world, so that replicas can be compared. */
export function said(subject: Subject): object {
  const { world, evaluation, store } = subject
  const devices = [...Array(world.deviceCount).keys()].map(keyOf)
  return {
    commits: [...store.commits]
      .sort((a, b) => a - b)
      .map((id) => ({
        id,
        voidBecause: subject.verdicts.get(id)?.voidBecause,
        isVoid: evaluation.isVoid(subject.orderOf(id)),
        accepts: subject.accepts(id),
        left: UNITS.map((unit) => evaluation.left(subject.orderOf(id), unit)),
        standing: subject.standing(id),
        acts: world.at(id).acts.map((_, act) => ({
          isCounted: subject.isCounted(id, act),
          acceptedBy: subject.acceptedBy(id, act).sort((a, b) => a - b),
        })),
      })),
    visible: [...subject.visible].sort((a, b) => a - b),
    counted: [...subject.counted].sort(),
    books: UNITS.map((unit) => ({
      issued: evaluation.sums(unit).issued,
      issuedAside: evaluation.sums(unit).issuedAside,
      consumed: evaluation.sums(unit).consumed,
      holdings: devices.map((device) => evaluation.holding(device, unit)),
      inFlight: devices.map((device) => evaluation.inFlightTo(device, unit)),
    })),
  }
}

/** The same, as the oracle says it. */
export function foreseen(subject: Subject, oracle: OracleResult): object {
  const { world, store } = subject
  const order = [...store.commits].sort((a, b) => a - b)
  const verdictOf = (id: number) => oracle.verdicts.get(id)
  const none = [...Array(world.deviceCount).keys()].map(() => 0n)
  return {
    commits: order.map((id) => ({
      id,
      voidBecause: verdictOf(id)?.voidBecause,
      isVoid: verdictOf(id)?.voidBecause !== null,
      accepts: verdictOf(id)?.accepts.toSorted(),
      left: UNITS.map((unit) => verdictOf(id)?.left.get(unit) ?? 0n),
      standing: oracle.standings.get(id),
      acts: world.at(id).acts.map((_, act) => ({
        isCounted: oracle.counted.has(`${id}.${act}`),
        acceptedBy: order.filter((by) => verdictOf(by)?.accepts.includes(`${id}.${act}`)),
      })),
    })),
    visible: [...oracle.visible].sort((a, b) => a - b),
    counted: [...oracle.counted].sort(),
    books: UNITS.map(
      (unit) =>
        oracle.books.get(unit) ?? {
          issued: 0n,
          issuedAside: 0n,
          consumed: 0n,
          holdings: none,
          inFlight: none,
        },
    ),
  }
}

/** Demands that a replica says exactly what the oracle says of the same store. */
export function expectAgreement(subject: Subject, oracle: OracleResult): void {
  const actual = said(subject)
  const expected = foreseen(subject, oracle)
  // Ten times faster than `toEqual`, which is left to explain the difference.
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected)
}
