import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import type { Balance, UnitDefinition } from '#protocol/evaluation'
import { emptyBook } from './oracle-books.ts'
import type { OracleBook } from './oracle-books.ts'
import { unitOf } from './oracle-debits.ts'
import type { OracleResult } from './oracle.ts'
import type { Subject } from './subject.ts'
import { keyOf } from './world.ts'
import type { World } from './world.ts'

/** Units that anything in the world names, sorted. */
export function unitsOf(world: World): string[] {
  const units = new Set(accountsOf(world).map(unitOf))
  // A malformed definition may bear an account's name.
  return [...units].filter((unit) => unit === unitOf(unit)).sort()
}

/** Accounts that anything in the world names, sorted. */
export function accountsOf({ commits, seals }: World): string[] {
  const named = commits.flatMap(({ acts }) =>
    acts.flatMap((act) => {
      if (act.kind === 'define') return [act.unit, `${act.unit}+`]
      return act.kind === 'fact' && act.into !== undefined ? [act.unit, act.into] : [act.unit]
    }),
  )
  const issued = seals.flatMap(({ allowances }) => allowances.map((it) => it.unit))
  return [...new Set([...named, ...issued])].sort()
}

/** Everything that a replica says, in ids of the world, so that replicas can be compared. */
export function said(subject: Subject): object {
  const { world, evaluation, store } = subject
  const devices = [...Array(world.deviceCount).keys()].map(keyOf)
  const accounts = accountsOf(world)
  return {
    commits: [...store.commits]
      .sort((a, b) => a - b)
      .map((id) => ({
        id,
        voidBecause: subject.verdicts.get(id)?.voidBecause,
        isVoid: evaluation.isVoid(subject.orderOf(id)),
        accepts: subject.accepts(id),
        left: accounts.map((account) => evaluation.left(subject.orderOf(id), account)),
        bound: accounts.map((account) => evaluation.bound(subject.orderOf(id), account)),
        standing: subject.standing(id),
        acts: world.at(id).acts.map((_, act) => ({
          isCounted: subject.isCounted(id, act),
          acceptedBy: subject.acceptedBy(id, act).sort((a, b) => a - b),
        })),
      })),
    visible: [...subject.visible].sort((a, b) => a - b),
    counted: [...subject.counted].sort(),
    books: accounts.map((account) => {
      const { issued, issuedAside, consumed, movedIn, movedOut } = evaluation.sums(account)
      return {
        issued,
        issuedAside,
        consumed,
        movedIn,
        movedOut,
        holdings: devices.map((device) => evaluation.holding(device, account)),
        inFlight: devices.map((device) => evaluation.inFlightTo(device, account)),
        // The loss, and what the device wrote back of it.
        replaced: devices.map(
          (device) => evaluation.lossOf(device, account) + evaluation.holding(device, `${account}!`),
        ),
      }
    }),
    totals: unitsOf(world).map((unit) => evaluation.totals(unit)),
    balances: evaluation.balances(),
    toldBalances: subject.balances(),
    definitions: evaluation.definitions().map((it) => ({
      ...it,
      orders: it.orders.map((order) => subject.idOf(order)).sort((a, b) => a - b),
    })),
  }
}

/** The same, as the oracle says it. */
function foreseen(subject: Subject, oracle: OracleResult): object {
  const { world, store } = subject
  const order = [...store.commits].sort((a, b) => a - b)
  const verdictOf = (id: number) => oracle.verdicts.get(id)
  const accounts = accountsOf(world)
  const balances = balancesOf(oracle.books)
  return {
    commits: order.map((id) => ({
      id,
      voidBecause: verdictOf(id)?.voidBecause,
      isVoid: verdictOf(id)?.voidBecause !== null,
      accepts: verdictOf(id)?.accepts.toSorted(),
      left: accounts.map((account) => verdictOf(id)?.left.get(account) ?? 0n),
      bound: accounts.map((account) => verdictOf(id)?.bound.get(account) ?? 0n),
      standing: oracle.standings.get(id),
      acts: world.at(id).acts.map((_, act) => ({
        isCounted: oracle.counted.has(`${id}.${act}`),
        acceptedBy: order.filter((by) => verdictOf(by)?.accepts.includes(`${id}.${act}`)),
      })),
    })),
    visible: [...oracle.visible].sort((a, b) => a - b),
    counted: [...oracle.counted].sort(),
    books: accounts.map((account) => oracle.books.get(account) ?? emptyBook(world.deviceCount)),
    totals: unitsOf(world).map((unit) => oracle.totals(unit)),
    balances,
    toldBalances: balances,
    definitions: definitionsOf(world, oracle),
  }
}

function balancesOf(books: ReadonlyMap<string, OracleBook>): Balance[] {
  return [...books]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([account, { holdings, inFlight, replaced }]) =>
      holdings.map((holding, device) => ({
        account,
        device: keyOf(device),
        holding,
        inFlight: inFlight[device] ?? 0n,
        replaced: replaced[device] ?? 0n,
      })),
    )
    .filter((it) => it.holding !== 0n || it.inFlight !== 0n || it.replaced !== 0n)
}

function definitionsOf(world: World, { verdicts }: OracleResult): UnitDefinition[] {
  const found = new Map<string, UnitDefinition>()
  for (const [id, { voidBecause }] of verdicts) {
    if (voidBecause !== null) continue
    for (const act of world.at(id).acts) {
      if (act.kind !== 'define') continue
      const { unit, supply, relayMax, definition } = act
      const orders = [...(found.get(unit)?.orders ?? []), id]
      found.set(unit, { unit, supply, relayMax, definition, orders })
    }
  }
  return [...found.values()].sort((a, b) => (a.unit < b.unit ? -1 : 1))
}

/** True when a replica says exactly what the oracle says of the same store. */
export function isAgreed(subject: Subject, oracle: OracleResult): boolean {
  return isDeepStrictEqual(said(subject), foreseen(subject, oracle))
}

/** Demands that a replica says exactly what the oracle says of the same store. */
export function expectAgreement(subject: Subject, oracle: OracleResult): void {
  const actual = said(subject)
  const expected = foreseen(subject, oracle)
  // Ten times faster than `toEqual`, which is left to explain the difference.
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected)
}
