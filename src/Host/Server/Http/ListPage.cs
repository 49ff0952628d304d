using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace LayerStream.Host.Server.Http;

/// <summary>Lists as the API gives them: a number of entries behind one that is named.</summary>
internal static class ListPage
{
    /// <summary>Writes a page of a list.</summary>
    /// <param name="json">Receives it.</param>
    /// <param name="query">Has <c>after</c>, <c>limit</c> and, if there is an order to choose, <c>order</c>.</param>
    /// <param name="newestFirst">The entries.</param>
    /// <param name="idOf">Id of an entry.</param>
    /// <param name="write">Writes an entry.</param>
    /// <param name="usual">Entries of a page unless it says how many.</param>
    /// <param name="most">Most of them.</param>
    /// <exception cref="ApiException">400: a parameter does not fit.</exception>
    public static void Write<T>(Utf8JsonWriter json, IQueryCollection query, IReadOnlyList<T> newestFirst, Func<T, string?> idOf,
        Action<Utf8JsonWriter, T> write, int usual, int most)
    {
        string order = query["order"].ToString(), after = query["after"].ToString();
        if (order is not ("" or "asc" or "desc"))
        {
            throw ApiException.Invalid("order", "'order' must be asc or desc", "invalid_value");
        }

        T[] all = order == "asc" ? [.. newestFirst.Reverse()] : [.. newestFirst];
        int first = after.Length == 0 ? 0 : Array.FindIndex(all, e => idOf(e) == after) + 1;
        if (after.Length > 0 && first == 0)
        {
            throw ApiException.Invalid("after", "'after' names no entry of this list", "invalid_value");
        }

        T[] page = [.. all.Skip(first).Take(Limit(query, usual, most))];
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        Array.ForEach(page, entry => write(json, entry));
        json.WriteEndArray();
        json.WriteString("first_id", page.Length > 0 ? idOf(page[0]) : null);
        json.WriteString("last_id", page.Length > 0 ? idOf(page[^1]) : null);
        json.WriteBoolean("has_more", first + page.Length < all.Length);
        json.WriteEndObject();
    }

    private static int Limit(IQueryCollection query, int usual, int most)
    {
        string text = query["limit"].ToString();
        return text.Length == 0 ? usual
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int limit) && limit >= 1 && limit <= most ? limit
            : throw ApiException.Invalid("limit", $"'limit' must be between 1 and {most}", "out_of_range");
    }
}
