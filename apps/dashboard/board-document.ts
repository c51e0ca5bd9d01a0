import * as Y from 'yjs'
import { spliceBetween, splitText } from './text-splice.ts'

/** Plain JSON, all that a board holds besides its text. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** What a board shows. Fields and lists are sorted by name; empty lists are left out. */
export interface BoardView {
  fields: { key: string; value: Json }[]
  lists: { name: string; items: Json[] }[]
  text: string
}

/**
 * Longest piece of text that goes into one update, in UTF-16 units. A node takes updates up to 256 KiB, and
 * a unit is at most 3 bytes of UTF-8.
 */
export const TEXT_PIECE_UNITS_MAX: number = 64 * 1024

/** Longest key of a field in UTF-16 units; the node refuses longer ones. */
export const FIELD_KEY_UNITS_MAX = 128

const LIST_PREFIX = 'list/'

/** True for names that a board or one of its lists may have. */
export function isBoardName(name: string): boolean {
  return /^[a-z0-9][a-z0-9._-]{0,62}$/.test(name)
}

/** The nearest valid name to what a person typed: `Market Day Menu` is `market-day-menu`. May be empty. */
export function boardNameFrom(typed: string): string {
  const plain = typed.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase()
  return plain
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 63)
    .replace(/-+$/, '')
}

/** The field map of a board. */
export function fieldsOf(doc: Y.Doc): Y.Map<Json> {
  return doc.getMap<Json>('fields')
}

/** The text of a board. */
export function textOf(doc: Y.Doc): Y.Text {
  return doc.getText('text')
}

/** A list of a board by its name. */
export function listOf(doc: Y.Doc, name: string): Y.Array<Json> {
  return doc.getArray<Json>(LIST_PREFIX + name)
}

/** The board as it stands. */
export function viewBoard(doc: Y.Doc): BoardView {
  const fields = [...fieldsOf(doc)].map(([key, value]) => ({ key, value }))
  const lists = listNames(doc).map((name) => ({ name, items: listOf(doc, name).toArray() }))
  return {
    fields: fields.sort((a, b) => (a.key < b.key ? -1 : 1)),
    lists: lists.filter((list) => list.items.length > 0).sort((a, b) => (a.name < b.name ? -1 : 1)),
    text: textOf(doc).toJSON(),
  }
}

/** Makes the board's text equal `after` by the smallest change, in updates that a node takes. */
export function writeText(doc: Y.Doc, after: string, caret?: number): void {
  const text = textOf(doc)
  const splice = spliceBetween(text.toJSON(), after.toWellFormed(), caret)
  if (splice === null) return
  const [first = '', ...rest] = splitText(splice.insert, TEXT_PIECE_UNITS_MAX)
  doc.transact(() => {
    if (splice.remove > 0) text.delete(splice.at, splice.remove)
    if (first !== '') text.insert(splice.at, first)
  })
  let at = splice.at + first.length
  for (const piece of rest) {
    text.insert(at, piece)
    at += piece.length
  }
}

/**
 * Makes `to` show what `from` shows, by edits of `to`. `from` must already hold all that `to` holds, so that
 * the differences are exactly what was written in `from` alone: the way unsaved edits move to a new session.
 */
function carryOver(from: Y.Doc, to: Y.Doc): void {
  writeText(to, textOf(from).toJSON())
  const target = fieldsOf(to)
  for (const [key, value] of fieldsOf(from)) {
    if (!isSameJson(target.get(key), value)) target.set(key, value)
  }
  const gone = Array.from(target.keys()).filter((key) => !fieldsOf(from).has(key))
  for (const key of gone) target.delete(key)
  for (const name of new Set([...listNames(from), ...listNames(to)])) {
    writeList(listOf(to, name), listOf(from, name).toArray())
  }
}

/**
 * Moves the unsaved edits of `mine` to the document of a new session. `told` holds all that the node told of before, and
 * takes what `to` holds. Mostly they are merged. Where the node made the board anew, because somebody's device key wrote
 * two histories, its parts have other names or are hidden: then what was written is written again where it stood.
 */
export function moveEdits(told: Y.Doc, mine: Y.Doc, to: Y.Doc): void {
  const before = viewBoard(told)
  const whole = Y.encodeStateAsUpdate(to)
  Y.applyUpdate(told, whole)
  const isMadeAnew = !isSameJson(jsonOf(told), jsonOf(to))
  if (isMadeAnew) return writeAgain(before, mine, to)
  Y.applyUpdate(mine, whole)
  carryOver(mine, to)
}

function writeAgain(before: BoardView, mine: Y.Doc, to: Y.Doc): void {
  const [text, typed] = [textOf(to).toJSON(), textOf(mine).toJSON()]
  writeText(to, merged(before.text, typed, text).join(''))
  const fields = new Map(before.fields.map(({ key, value }) => [key, value]))
  for (const key of new Set([...fields.keys(), ...fieldsOf(mine).keys()])) {
    const value = fieldsOf(mine).get(key)
    if (isSameJson(fields.get(key), value)) continue
    if (value === undefined) fieldsOf(to).delete(key)
    else fieldsOf(to).set(key, value)
  }
  const lists = new Map(before.lists.map(({ name, items }) => [name, items]))
  for (const name of new Set([...lists.keys(), ...listNames(mine)])) {
    const list = listOf(to, name)
    writeList(list, merged(lists.get(name) ?? [], listOf(mine, name).toArray(), list.toArray()))
  }
}

/** What `theirs` becomes by the change from `before` to `mine`. What both wrote in one place stands side by side. */
function merged<T extends Json>(before: Iterable<T>, mine: Iterable<T>, theirs: Iterable<T>): T[] {
  const [old, own, now] = [[...before], [...mine], [...theirs]]
  const [change, other] = [changeOf(old, own), changeOf(old, now)]
  const moved = (index: number): number => {
    if (index <= other.at) return index
    if (index >= other.at + other.remove) return index + other.insert - other.remove
    return other.at + other.insert
  }
  const start = moved(change.at)
  const end = Math.max(start, moved(change.at + change.remove))
  return [...now.slice(0, start), ...own.slice(change.at, change.at + change.insert), ...now.slice(end)]
}

/** The single change that turns a list into another: at `at`, `remove` items go and `insert` come. */
function changeOf(
  before: readonly Json[],
  after: readonly Json[],
): { at: number; remove: number; insert: number } {
  const shorter = Math.min(before.length, after.length)
  let at = 0
  while (at < shorter && isSameJson(before[at], after[at])) at += 1
  let suffix = 0
  while (suffix < shorter - at && isSameJson(before.at(-1 - suffix), after.at(-1 - suffix))) suffix += 1
  return { at, remove: before.length - suffix - at, insert: after.length - suffix - at }
}

function jsonOf(doc: Y.Doc): Json {
  const { fields, lists, text } = viewBoard(doc)
  return [text, fields.map((it) => ({ ...it })), lists.map((it) => ({ ...it }))]
}

/** True for equal JSON values; the order of an object's keys does not matter. */
export function isSameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((item, index) => isSameJson(item, b[index]))
  }
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSameJson(a[key], b[key]))
  )
}

function writeList(list: Y.Array<Json>, after: readonly Json[]): void {
  const { at, remove, insert } = changeOf(list.toArray(), after)
  if (remove > 0) list.delete(at, remove)
  // One value an update: pushed together they would merge into one item, which Yjs handles in quadratic time.
  for (const [index, value] of after.slice(at, at + insert).entries()) {
    list.insert(at + index, [value])
  }
}

function listNames(doc: Y.Doc): string[] {
  const names = [...doc.share.keys()].filter((name) => name.startsWith(LIST_PREFIX))
  return names.map((name) => name.slice(LIST_PREFIX.length))
}
