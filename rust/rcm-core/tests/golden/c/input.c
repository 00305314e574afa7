/*
 * Tide table: reads heights and predicts the next high water.
 */
#include <stdio.h>
#include "tide.h"

#define TIDE_MAX 128
#define TIDE_GUARD
#define TIDE_MIN(a, b) \
    ((a) < (b) ? (a) : (b))

/* One measured height. */
struct reading {
    time_t when;
    double height;
    const char *station;
    int flags[4];
    void (*notify)(struct reading *r);
};

typedef struct tide {
    struct reading *readings;
    size_t len;
} tide_t;

typedef struct {
    int hour, minute;
} clock_time;

typedef int (*compare_fn)(const void *, const void *);
typedef unsigned long ulong_t;
typedef struct reading reading;

enum phase {
    PHASE_EBB,
    PHASE_FLOOD = 4, /* rising */
    PHASE_SLACK
};

typedef enum { NORTH, SOUTH } direction;

union number {
    int i;
    double d;
};

struct station;

/* Prediction, in metres. */
double tide_predict(const tide_t *t, time_t when);
static int by_height(const void *a, const void *b);
extern int tide_debug;
char *tide_name(void), *tide_unit(void);

static tide_t cache[TIDE_MAX];
int tide_count = 0;
const char *const names[] = {
    "Küste",
    "Hafen",
};

/**
 * Sorts the readings by height.
 */
static int by_height(const void *a, const void *b)
{
    const struct reading *x = a, *y = b;
    return (x->height > y->height) - (x->height < y->height);
}

double
tide_predict(const tide_t *t, time_t when)
{
    if (!t->len)
        return 0;
    qsort(t->readings, t->len, sizeof(*t->readings), by_height);
    t->readings[0].notify(t->readings);
    return t->readings[TIDE_MIN(t->len, 1)].height;
}

#ifdef TIDE_WIDE
static struct reading *find(tide_t *t, const char *station) {
    return NULL;
}
#else
static struct reading **find_all(tide_t *t) { return &t->readings; }
#endif

int main(int argc, char **argv) {
    static int calls;
    struct { int x; } local = { argc };
    printf("%d %d\n", local.x, calls++);
    return 0;
}
