import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Field, SelectField } from '#apps/page'
import { shownText } from '#apps/shown-text'
import { memberText } from './change-draft.ts'
import { TYPE_TEXT } from './ledger-text.ts'
import type { EntryType, HistoryFilter, Unit } from './ledger-types.ts'
import type { Member } from './node-types.ts'
import { unitText } from './right-fields.tsx'
import { routeAddress } from './route.ts'

const KEYS = ['unit', 'device', 'member', 'type', 'text'] as const
/** Characters of a search, as the node takes them. */
const TEXT_LENGTH_MAX = 200
const ANY = { value: '', text: 'All' }
const TYPES = [
  ANY,
  ...(Object.keys(TYPE_TEXT) as EntryType[]).map((value) => ({ value, text: TYPE_TEXT[value] })),
]

/** The filter that an address asks for. */
export function filterOf(query: Readonly<Record<string, string>>): HistoryFilter {
  return Object.fromEntries(KEYS.flatMap((key) => (query[key] ? [[key, query[key]]] : [])))
}

/** Which entries are shown. Every choice is a new address, so that it can be gone back from and sent on. */
export function HistoryFilters(props: {
  filter: HistoryFilter
  units: readonly Unit[]
  members: readonly Member[]
}): JSX.Element {
  const { filter, units, members } = props
  const [typed, setTyped] = useState(filter.text ?? '')
  useEffect(() => setTyped(filter.text ?? ''), [filter.text])
  const choose = (some: HistoryFilter): void => {
    location.hash = routeAddress('ledger', 'history', { ...filter, ...some })
  }
  const submit = (event: Event): void => {
    event.preventDefault()
    choose({ text: typed.trim() })
  }
  const devices = members.flatMap((member) =>
    member.devices.map((it) => ({
      value: it.device,
      text: `${memberText(member)} / ${shownText(it.name)}`,
    })),
  )
  return (
    <form class="card filters" role="search" aria-label="Search the history" onSubmit={submit}>
      <div class="filter-text">
        <Field
          label="Note, reference, name or commit"
          type="search"
          inputMode="search"
          value={typed}
          onValue={setTyped}
          maxLength={TEXT_LENGTH_MAX}
          testId="history-text"
        />
        <button type="submit" class="button" data-testid="history-search">
          Search
        </button>
      </div>
      <SelectField
        label="Unit"
        value={filter.unit ?? ''}
        options={[ANY, ...units.map((it) => ({ value: it.id, text: unitText(it, units) }))]}
        onValue={(unit) => choose({ unit })}
        isRequired={false}
        testId="history-unit"
      />
      <SelectField
        label="What happened"
        value={filter.type ?? ''}
        options={TYPES}
        onValue={(type) => choose({ type })}
        isRequired={false}
        testId="history-type"
      />
      <SelectField
        label="Member"
        value={filter.member ?? ''}
        options={[ANY, ...members.map((it) => ({ value: it.member, text: memberText(it) }))]}
        onValue={(member) => choose({ member })}
        isRequired={false}
        testId="history-member"
      />
      <SelectField
        label="Device"
        value={filter.device ?? ''}
        options={[ANY, ...devices]}
        onValue={(device) => choose({ device })}
        isRequired={false}
        testId="history-device"
      />
    </form>
  )
}
