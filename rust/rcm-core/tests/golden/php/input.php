<?php

declare(strict_types=1);

namespace Example\Post;

use Psr\Log\LoggerInterface;
use Example\Office\{Counter, Clerk as Person};
use function strlen;

const LIMIT = 20;
define('POST_DEBUG', false);

/**
 * A letter in an envelope.
 */
#[Entity(table: 'letters')]
final class Letter extends Item implements \JsonSerializable, Sendable
{
    use HasStamp, Traceable;

    /** Grams. */
    public const MAX_WEIGHT = 500;
    private const A = 1, B = 2;

    protected static int $count = 0;
    public ?string $address = null;

    public function __construct(
        private readonly LoggerInterface $logger,
        public string $text = '',
        int $copies = 1,
    ) {
        parent::__construct();
        self::$count++;
    }

    /**
     * Sends the letter.
     *
     * @return bool whether it was accepted
     */
    #[Pure]
    public function send(Counter $counter, ?Person $clerk = null): bool
    {
        $stamp = fn (int $cents) => new Stamp($cents);
        $this->logger->info('sending', ['to' => $this->address]);
        return $counter->accept($this, $stamp(80)) && Office::open();
    }

    abstract protected function weigh(): int;

    public static function größe(self $letter): int
    {
        return strlen($letter->text);
    }

    public function jsonSerialize(): mixed
    {
        return new class($this) implements Sendable {
            public function send(): void {}
        };
    }
}

/** Can be sent. */
interface Sendable
{
    const FAST = true;

    public function send(Counter $counter): bool;
}

trait Traceable
{
    private string $trace = '';

    public function trace(): string
    {
        return $this->trace;
    }
}

enum Kind: string
{
    case Letter = 'L';
    case Parcel = 'P';

    public static function default(): self
    {
        return self::Letter;
    }
}

/** Folds a sheet. */
function fold(string $sheet, int $times = 2): string
{
    if (!function_exists('crease')) {
        function crease(string $s): string { return $s; }
    }
    return str_repeat(crease($sheet), $times);
}

$greet = function (string $name) use ($greeting): string {
    return $greeting . $name;
};
