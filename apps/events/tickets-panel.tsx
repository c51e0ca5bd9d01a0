import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { EventView } from '#apps/page'
import { EndPanel } from './end-panel.tsx'
import { IssuePanel } from './issue-panel.tsx'
import { TicketsList } from './tickets-list.tsx'

/** Tickets of an event: they are issued in advance, listed, printed, and ended. */
export function TicketsPanel(props: { view: EventView; onChanged: () => Promise<void> }): JSX.Element {
  const [changes, setChanges] = useState(0)
  const onChanged = (): void => {
    setChanges((it) => it + 1)
    void props.onChanged()
  }
  return (
    <>
      <IssuePanel view={props.view} onChanged={onChanged} />
      <EndPanel view={props.view} onChanged={onChanged} />
      <TicketsList view={props.view} changes={changes} />
    </>
  )
}
