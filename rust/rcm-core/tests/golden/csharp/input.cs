// Licence header.
using System;
using System.Collections.Generic;

namespace Example.Library
{
    /// <summary>
    /// A book on a shelf.
    /// </summary>
    [Serializable]
    public sealed partial class Book : Item, IComparable<Book>
    {
        /// <summary>Longest title.</summary>
        public const int MaxTitle = 80;
        private static readonly Dictionary<string, Book> cache = new(), other;
        private readonly string _title;

        public event EventHandler<LoanEventArgs> Lent;

        /// <summary>Title on the cover.</summary>
        public string Title { get; init; } = "";
        public int Pages => CountPages();
        public Chapter this[int index] => chapters[index];

        public Book(string title) : base(title)
        {
            _title = title;
        }

        ~Book() { cache.Clear(); }

        /// <summary>
        /// Lends the book.
        /// </summary>
        [Obsolete("use LendAsync")]
        public virtual bool Lend<T>(T reader, int days = 14) where T : IReader
        {
            bool Allowed(int d) => d < 30;
            Lent?.Invoke(this, new LoanEventArgs(reader));
            return Allowed(days);
        }

        public int CompareTo(Book other) => string.Compare(_title, other._title);
        int IComparable<Book>.CompareTo(Book other) => 0;
        protected internal abstract void Größe();
        static partial void OnLent(Book book);

        public static bool operator ==(Book a, Book b) => Equals(a, b);
        public static implicit operator string(Book book) => book._title;

        public enum Condition
        {
            New,
            /// <summary>Read often.</summary>
            Worn = 3,
        }

        private struct Page { public int Number; }
    }

    public interface IReader
    {
        string Name { get; }
        void Read(Book book);
    }

    public delegate void LoanHandler(object sender, Book book);

    public record Loan(Book Book, DateTime Due)
    {
        public bool Late => Due < DateTime.Now;
    }

    public readonly record struct Isbn(string Value);

    public static class BookExtensions
    {
        public static IEnumerable<Book> Sorted(this IEnumerable<Book> books)
        {
            foreach (var book in books)
                yield return book;
        }
    }
}
