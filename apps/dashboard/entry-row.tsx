import type { JSX } from 'preact'
import { shownText } from '#apps/shown-text'
import { formatRelative, formatTime, shortenId } from './format.ts'
import { STATE_TEXT, TYPE_TEXT, amountText, holderText, isZero, numberText } from './ledger-text.ts'
import type { Entry } from './ledger-types.ts'
import { commitAddress, routeAddress } from './route.ts'

/** One entry: who did what, how it stands, and the commit that proves it. */
export function EntryRow({ entry, canTakeBack }: { entry: Entry; canTakeBack: boolean }): JSX.Element {
  const { type, amount, state, to, memo, ref } = entry
  const what = whatOf(entry)
  const time = new Date(entry.timeMs)
  return (
    <li class="row entry" data-testid="entry">
      <span class="row-main">
        <span class="row-title">
          {TYPE_TEXT[type]}{' '}
          <a
            href={commitAddress(entry.commit)}
            title={`Commit ${shortenId(entry.commit)}`}
            data-testid="entry-commit"
          >
            {what}
          </a>
        </span>
        <span class="muted breakable">
          <bdi>{holderText(entry.device)}</bdi>
          {to !== null && (
            <>
              {' to '}
              <bdi>{holderText(to)}</bdi>
            </>
          )}
          {' · '}
          <time dateTime={isoOf(time)} title={formatTime(entry.timeMs)}>
            {formatRelative(entry.timeMs, Date.now())}
          </time>
        </span>
        {(memo !== null || ref !== null) && (
          <span class="breakable entry-notes">
            {memo !== null && <bdi>“{shownText(memo)}”</bdi>}
            {memo !== null && ref !== null && ' · '}
            {ref !== null && (
              <>
                for <bdi>{shownText(ref)}</bdi>
              </>
            )}
          </span>
        )}
        {entry.reverses !== null && <Reverses name={entry.reverses} />}
        {entry.acceptedBy[0] !== undefined && (
          <span class="muted">
            Accepted in commit{' '}
            <a href={commitAddress(entry.acceptedBy[0])}>
              <code>{shortenId(entry.acceptedBy[0])}</code>
            </a>
          </span>
        )}
      </span>
      {state !== 'counted' && (
        <span class={`badge ${state === 'on-the-way' ? 'state-connected' : 'badge-warning'}`}>
          {STATE_TEXT[state]}
        </span>
      )}
      {canTakeBack && type === 'consume' && state === 'counted' && (
        <a
          class="button button-quiet"
          href={routeAddress('ledger', entry.unit, {
            ...{ act: 'restore', amount, reverses: `${entry.commit}/${entry.index}` },
          })}
          aria-label={`Take back ${what}`}
        >
          Take back
        </a>
      )}
    </li>
  )
}

function Reverses({ name }: { name: string }): JSX.Element {
  const [commit = ''] = name.split('/')
  return (
    <span class="muted">
      Takes back an entry of commit{' '}
      <a href={commitAddress(commit)}>
        <code>{shortenId(commit)}</code>
      </a>
    </span>
  )
}

function whatOf({ type, amount, code }: Entry): string {
  if (type === 'rule') return shownText(code)
  return type === 'define' ? definedText(amount, code) : amountText(amount, code)
}

/** Nothing of it: the stewards decide who issues it. */
function definedText(amount: string, code: string): string {
  return isZero(amount) ? code : `${code}, up to ${numberText(amount)}`
}

/** A clock that is far off may give a time that has no date. */
function isoOf(time: Date): string {
  return Number.isNaN(time.getTime()) ? '' : time.toISOString()
}
