/*
 * Licence header.
 */
package org.example.garden;

import java.util.List;
import java.util.function.Function;
import static org.example.Tools.dig;

/**
 * A bed of plants.
 *
 * @param <P> kind of plant
 */
@Deprecated(since = "2")
public class Bed<P extends Plant> extends Plot implements Waterable, Iterable<P> {

    /** Square metres. */
    public static final double AREA = 4.5;
    private static int count = 0, total;
    private final List<P> plants;

    static {
        count = 1;
    }

    /** Makes an empty bed. */
    public Bed(List<P> plants) {
        super(AREA);
        this.plants = plants;
    }

    /**
     * Adds a plant.
     */
    @Override
    public synchronized boolean plant(final P plant) throws TooFullException {
        dig(plant.depth());
        Runnable later = new Runnable() {
            @Override
            public void run() {
                water(3);
            }
        };
        later.run();
        return plants.add(plant);
    }

    @Override
    public void water(int litres) {
        plants.forEach(Plant::drink);
    }

    protected abstract String name();

    // Größe in Blättern
    private static <T> int größe(T thing) {
        return String.valueOf(thing).length();
    }

    /** One row. */
    static class Row {
        int index;

        Row() {}
    }

    enum Season {
        SPRING("s") {
            @Override
            boolean warm() {
                return true;
            }
        },
        /** Too hot. */
        SUMMER("u");

        private final String code;

        Season(String code) {
            this.code = code;
        }

        boolean warm() {
            return false;
        }
    }
}

/** Can be watered. */
interface Waterable {
    int MAX = 10;

    void water(int litres);

    default void soak() {
        water(MAX);
    }
}

record Seed(String name, int days) implements Comparable<Seed> {
    Seed {
        if (days < 0) throw new IllegalArgumentException(name);
    }

    public int compareTo(Seed other) {
        return days - other.days;
    }
}

@interface Organic {
    String by() default "nobody";
}
