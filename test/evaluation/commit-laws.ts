import { expect } from 'vitest'
import type { Act } from '#protocol/evaluation'
import { accountsOf, unitsOf } from './comparison.ts'
import { SUBJECT, filled } from './filling.ts'
import { generateHistory } from './history-generator.ts'
import type { Law } from './laws.ts'
import { unitOf } from './oracle-debits.ts'
import type { Witness } from './witness.ts'
import { ids } from './world.ts'
import type { WorldAllowance, WorldCommit } from './world.ts'

/** Where definitions are demanded, a valid commit debits nothing that no valid commit of its past, nor an act before in itself, defines. */
export const demandsUnits: Law = (draw, reached, make = SUBJECT) => {
  const { world } = generateHistory(draw)
  const witness = filled(world, draw, make)
  const met = { own: false, others: false }
  for (const commit of world.demandsUnits ? world.commits : []) {
    if (witness.voidReason(commit.id) !== null) continue
    for (const [index, act] of commit.acts.entries()) {
      if (act.kind === 'define') continue
      const unit = unitOf(act.unit)
      const isOwn = commit.acts.slice(0, index).some((it) => defines(it, unit))
      const makers = definersOf(witness, unit, commit.past & ~(1n << BigInt(commit.id)))
      expect(isOwn || makers.length > 0).toBe(true)
      met.own ||= isOwn
      met.others ||= !isOwn && makers.every((it) => world.at(it).device !== commit.device)
    }
  }
  reached.note('defined by the commit itself', met.own)
  reached.note('defined by others', met.others)
  noteVoid('unknown-unit', witness, reached)
}

/** No chain defines a unit in two valid commits, nor in one of them twice. */
export const definesOnce: Law = (draw, reached, make = SUBJECT) => {
  const { world } = generateHistory(draw)
  const witness = filled(world, draw, make)
  for (const commit of world.commits) {
    if (witness.voidReason(commit.id) !== null) continue
    for (const act of commit.acts) {
      if (act.kind !== 'define') continue
      expect(commit.acts.filter((it) => defines(it, act.unit))).toEqual([act])
      expect(definersOf(witness, act.unit, commit.chain)).toEqual([commit.id])
    }
  }
  noteVoid('defined-twice', witness, reached)
}

/**
 * What a device ever had of rights to issue a unit is what counted seals gave it and, if it has defined the unit, the supply: once,
 * on however many branches and replicas.
 */
export const issuesASupplyOnce: Law = (draw, reached, make = SUBJECT) => {
  const { world } = generateHistory(draw)
  const units = unitsOf(world)
  const met = { both: false, issued: false }
  const look = (witness: Witness): void => {
    for (const unit of units)
      for (let device = 0; device < world.deviceCount; device += 1) {
        const own = [...witness.store.commits].filter((id) => world.at(id).device === device)
        const makers = definersOf(witness, unit, own)
        const [maker = -1] = makers
        const definition = maker < 0 ? undefined : world.at(maker).acts.find((it) => defines(it, unit))
        const supply = definition?.kind === 'define' ? definition.supply : 0n
        const issued = netOut(witness, own, `${unit}+`)
        const given = sum(givenTo(witness, device, `${unit}+`, own).map((it) => it.amount))
        expect(witness.holding(device, `${unit}+`) + issued).toBe(supply + given)
        met.both ||= makers.length > 1 && supply > 0n
        met.issued ||= issued > 0n && supply > 0n
      }
  }
  // A look costs more than a step: at every fourth step or so, and at the last.
  look(filled(world, draw, make, (witness) => (draw.chance(25) ? look(witness) : undefined)))
  reached.note('defined on two branches', met.both)
  reached.note('issued of a supply', met.issued)
}

/** Nothing that counts moves less than one minor unit or more than a signed number of 64 bits holds. */
export const boundsAmounts: Law = (draw, reached, make = SUBJECT) => {
  const { world } = generateHistory(draw)
  const isWithin = (amount: bigint, least: bigint): boolean => amount >= least && amount < 2n ** 63n
  const isFit = (act: Act): boolean =>
    act.kind === 'define'
      ? isWithin(act.supply, 0n) && (act.relayMax === null || isWithin(act.relayMax, 0n))
      : isWithin(act.amount, 1n)
  const witness = filled(world, draw, make)
  let isRefused = false
  for (const { id, acts } of world.commits)
    for (const [index, act] of acts.entries()) {
      if (witness.isCounted(id, index)) expect(isFit(act)).toBe(true)
      isRefused ||= !isFit(act)
    }
  reached.note('out of bounds', isRefused)
}

/**
 * A commit stands as a whole or not at all: of a valid one all moves and definitions count, and its chain has left what it had,
 * took in, and moved; of a void one nothing counts or is accepted, and its chain has left what it had and took in.
 */
export const standsAsAWhole: Law = (draw, reached, make = SUBJECT) => {
  const { world } = generateHistory(draw)
  const witness = filled(world, draw, make)
  const accounts = accountsOf(world)
  let isCutShort = false
  for (const commit of world.commits) {
    const { id, acts } = commit
    const isValid = witness.voidReason(id) === null
    for (const [index, { kind }] of acts.entries()) {
      if (!isValid) expect([witness.isCounted(id, index), witness.acceptedBy(id, index)]).toEqual([false, []])
      else if (kind !== 'transfer') expect(witness.isCounted(id, index)).toBe(true)
    }
    for (const account of accounts) {
      const before = commit.prev < 0 ? 0n : witness.left(commit.prev, account)
      const moved = isValid ? sum(acts.map((act) => movedBy(act, account))) : 0n
      expect(witness.left(id, account)).toBe(before + takenIn(witness, commit, account) + moved)
    }
    isCutShort ||= !isValid && acts.length > 1
  }
  reached.note('void with several acts', isCutShort)
}

function defines(act: Act, unit: string): boolean {
  return act.kind === 'define' && act.unit === unit
}

/** Valid commits among these, as bits or one by one, that define a unit. */
function definersOf(witness: Witness, unit: string, among: bigint | readonly number[]): number[] {
  const candidates = typeof among === 'bigint' ? ids(among) : among
  return candidates.filter(
    (id) => witness.world.at(id).acts.some((it) => defines(it, unit)) && witness.voidReason(id) === null,
  )
}

/** By how much an act changes an account of its author. */
function movedBy(act: Act, account: string): bigint {
  if (act.kind === 'define') return account === `${act.unit}+` ? act.supply : 0n
  const out = act.unit === account ? act.amount : 0n
  return (act.kind === 'fact' && act.into === account ? act.amount : 0n) - out
}

/** What counted moves of these commits took out of an account, less what they put there. */
function netOut(witness: Witness, commits: readonly number[], account: string): bigint {
  return -sum(
    commits.flatMap((id) =>
      witness.world
        .at(id)
        .acts.filter((act, index) => act.kind !== 'define' && witness.isCounted(id, index))
        .map((act) => movedBy(act, account)),
    ),
  )
}

/** Allowances of a device that count: those of the line, and those of other lines that a commit of its own cited. */
function givenTo(
  { world, store, tip }: Witness,
  device: number,
  account: string,
  own: readonly number[],
): WorldAllowance[] {
  return [...store.seals]
    .filter((seal) => [tip, ...own.map((id) => world.at(id).epoch)].some((it) => world.isAncestor(seal, it)))
    .flatMap((seal) => world.sealAt(seal).allowances)
    .filter((it) => it.device === device && it.unit === account)
}

/** What a commit adds to an account before its own acts: transfers that it accepts, and allowances that its chain had not taken. */
function takenIn(witness: Witness, { id, device, epoch, chain }: WorldCommit, account: string): bigint {
  const { world } = witness
  const accepted = witness.accepts(id).map((name) => {
    const [commit, index] = name.split('.').map(Number) as [number, number]
    const act = world.at(commit).acts[index]
    return act?.kind === 'transfer' && act.unit === account ? act.amount : 0n
  })
  const before = ids(chain).filter((it) => it !== id)
  const isTaken = (seal: number): boolean => before.some((it) => world.isAncestor(seal, world.at(it).epoch))
  const given = world
    .line(epoch)
    .filter((seal) => !isTaken(seal.id))
    .flatMap(({ allowances }) => allowances.filter((it) => it.device === device && it.unit === account))
  return sum([...accepted, ...given.map((it) => it.amount)])
}

function noteVoid(reason: string, witness: Witness, reached: Parameters<Law>[1]): void {
  reached.note(
    reason,
    witness.world.commits.some(({ id }) => witness.voidReason(id) === reason),
  )
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, it) => total + it, 0n)
}
