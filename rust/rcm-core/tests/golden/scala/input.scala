package org.example
package railway

import scala.collection.mutable.{ListBuffer, Map => MutableMap}
import org.example.signal.Signal

/** A station on the line. */
case class Station(name: String, platforms: Int = 2) extends Place with Ordered[Station] {
  def compare(that: Station): Int = name.compare(that.name)
}

/** Companion. */
object Station {
  val Default: Station = Station("Zürich")
  private[railway] implicit val ordering: Ordering[Station] = Ordering.by(_.name)

  def apply(name: String): Station = new Station(name, 1)
}

/**
 * Something that runs on rails.
 *
 * @tparam F the effect
 */
trait Train[F[_]] {
  type Wagon <: Place
  def speed: Int
  val length: Int
  var driver: Option[String] = None

  /** Stops at a station. */
  def stop(station: Station)(implicit F: Monad[F]): F[Unit] = {
    def brake(n: Int): Int = n - 1
    val ready = brake(speed)
    F.flatMap(announce(station))(_ => F.unit)
  }

  protected def announce[A](station: Station): F[A]

  def +(other: Train[F]): Train[F] = this
}

sealed abstract class Line private (val id: Int) extends Serializable {
  final class Segment(from: Station)
  lazy val stations = ListBuffer.empty[Station]
}

object implicits extends AllSyntax
package object syntax {
  type Id[A] = A
}

enum Colour(val rgb: Int) {
  case Red extends Colour(0xff0000)
  case Mixed(a: Colour, b: Colour) extends Colour(0)
  case Green, Blue

  def hex: String = rgb.toString
}

given stationOrdering: Ordering[Station] with
  def compare(x: Station, y: Station): Int = x.platforms - y.platforms

extension (s: Station)
  def größe: Int = s.platforms

opaque type Kilometre = Double

implicit class StationOps(private val self: Station) extends AnyVal {
  def -->(to: Station): Line = ???
}

@main def run(args: String*): Unit =
  val train = args.headOption
  println(train.getOrElse("none"))
