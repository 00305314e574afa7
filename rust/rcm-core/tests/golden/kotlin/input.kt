@file:JvmName("Orchestra")

package org.example.orchestra

import kotlinx.coroutines.delay
import org.example.sound.Tone as Note

/** Seats on the stage. */
public const val SEATS: Int = 80

private val tuning by lazy { Note(440) }
var conductor: String? = null

public typealias Listener = (Note) -> Unit

/**
 * Somebody who plays.
 */
public interface Player {
    /** Name on the programme. */
    public val name: String

    public suspend fun play(note: Note): Boolean

    fun rest() {}
}

/** A section of the orchestra. */
public sealed class Section(
    public val title: String,
    private var seats: Int = 4,
    loud: Boolean,
) : Player, Comparable<Section> {

    protected val players = mutableListOf<Player>()
    internal lateinit var leader: Player

    constructor(title: String) : this(title, 2, true)

    init {
        require(seats > 0)
    }

    override suspend fun play(note: Note): Boolean {
        delay(10)
        return players.all { it.play(note) }
    }

    abstract fun tune()

    val size: Int
        get() = players.size

    companion object Factory {
        const val LIMIT = 20

        @JvmStatic
        fun strings(): Section = Strings()
    }

    inner class Desk(val number: Int)
}

private class Strings : Section("Strings", 16, false) {
    override val name get() = "strings"
    override fun tune() = Unit

    companion object {
        fun empty() = Strings()
    }
}

data class Score(val title: String, val bars: Int)

enum class Key(val sharps: Int) {
    C(0),
    /** One sharp. */
    G(1) {
        override fun label() = "G"
    };

    open fun label(): String = name
}

object Hall : Closeable {
    override fun close() {
        println("geschlossen")
    }
}

fun interface Tuner {
    fun tune(player: Player)
}

/** Plays twice. */
public suspend inline fun <reified T : Player> T.playTwice(note: Note): Boolean {
    fun once() = note
    return play(once()) && play(note)
}

val Section.größe: Int get() = size

operator fun Score.plus(other: Score): Score = Score(title + other.title, bars + other.bars)
