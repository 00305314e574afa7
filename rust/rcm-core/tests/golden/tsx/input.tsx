import React, { useState, type ReactNode } from 'react'
import { Button } from './button'

/** What the card needs. */
interface CardProps {
  title: string
  children?: ReactNode
  onClose: () => void
}

type Size = 'small' | 'large'

const DEFAULT_SIZE: Size = 'small'

/**
 * A card with a title.
 */
export function Card({ title, children, onClose }: CardProps) {
  const [open, setOpen] = useState(true)

  const handleClose = () => {
    setOpen(false)
    onClose()
  }

  return (
    <section className="card">
      <h2>{title}</h2>
      {open && <Body size={DEFAULT_SIZE}>{children}</Body>}
      <Button onClick={handleClose}>Schließen</Button>
    </section>
  )
}

// The inside of a card.
const Body: React.FC<{ size: Size }> = ({ size, children }) => <div data-size={size}>{children}</div>

export const Überschrift = React.memo(function Heading(props: { text: string }) {
  return <h1>{props.text}</h1>
})

export class Boundary extends React.Component<CardProps, { failed: boolean }> {
  state = { failed: false }

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true }
  }

  render() {
    if (this.state.failed) return <p>Something broke.</p>
    return <>{this.props.children}</>
  }
}

export enum Theme {
  Light = 'light',
  Dark = 'dark',
}

/** Remembers the theme. */
export const useTheme = (): [Theme, (theme: Theme) => void] => {
  const [theme, setTheme] = useState<Theme>(Theme.Light)
  return [theme, setTheme]
}

export default Card
