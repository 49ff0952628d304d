using System.Runtime.InteropServices;
using LayerStream.Tokenization.PreTokenization;
using LayerStream.Tokenization.Vocabularies;

namespace LayerStream.Tokenization.Encoders;

/// <summary>Unigram segmentation (Kudo 2018): of all ways to cut the normalised text into tokens, the one with the greatest sum of scores.
/// Time is proportional to the text times the longest token.</summary>
internal sealed class UnigramEncoder : FragmentEncoder
{
    // The penalty of a character without a token, below the least score of the vocabulary.
    private const double UnknownPenalty = 10;
    private const float ScoreLimit = 1e9f;
    private static readonly PreTokenizer s_wholeText = new([]);

    private readonly ByteTrie _trie = new();
    private readonly UnigramNormalizer _normalizer;
    private readonly float[] _scores;
    private readonly double _unknownScore;
    private readonly int _unknownId;

    /// <param name="vocabulary">Tokens with corrected types.</param>
    /// <param name="scores">Log-probability per token.</param>
    /// <param name="normalizer">Applied to every fragment.</param>
    /// <param name="unknownId">Stands for characters without a token; null = they vanish.</param>
    public UnigramEncoder(Vocabulary vocabulary, float[] scores, UnigramNormalizer normalizer, int? unknownId)
    {
        _normalizer = normalizer;
        _unknownId = unknownId ?? -1;
        _scores = new float[vocabulary.Size];
        double least = double.PositiveInfinity;
        for (int id = 0; id < vocabulary.Size; id++)
        {
            TokenType type = vocabulary.TypeOf(id);
            float score = float.IsNaN(scores[id]) ? 0 : Math.Clamp(scores[id], -ScoreLimit, ScoreLimit);
            _scores[id] = type == TokenType.UserDefined ? 0 : score;
            least = type == TokenType.Normal ? Math.Min(least, score) : least;
            if (type is TokenType.Normal or TokenType.UserDefined or TokenType.Unused && vocabulary.IsInAlphabet(id)
                && vocabulary.Pieces[id].Length > 0)
            {
                _trie.Add(vocabulary.Pieces[id], id);
            }
        }

        _unknownScore = (double.IsFinite(least) ? least : 0) - UnknownPenalty;
    }

    public override long ApproximateBytes => _trie.ApproximateBytes + _normalizer.ApproximateBytes + (4L * _scores.Length);

    public override void Encode(ReadOnlySpan<char> fragment, EncodeScratch scratch, List<int> ids)
    {
        scratch.Split(fragment, s_wholeText, spacePrefix: false);
        _normalizer.Normalize(scratch.Utf8(0, scratch.Ends[^1], spaceMarks: false), scratch.Normalized);
        ReadOnlySpan<byte> text = CollectionsMarshal.AsSpan(scratch.Normalized);
        Span<UnigramBorder> borders = scratch.Borders(text.Length + 1);
        Search(text, borders);
        int end = text.Length;
        int first = ids.Count;
        while (end > 0)
        {
            ref readonly UnigramBorder border = ref borders[end];
            bool repeatsUnknown = border.Token == _unknownId && ids.Count > first && ids[^1] == _unknownId;
            if (border.Token >= 0 && !repeatsUnknown)
            {
                ids.Add(border.Token);
            }

            end = border.Start;
        }

        CollectionsMarshal.AsSpan(ids)[first..].Reverse();
    }

    private void Search(ReadOnlySpan<byte> text, Span<UnigramBorder> borders)
    {
        borders.Fill(new UnigramBorder(double.NegativeInfinity, 0, -1));
        borders[0] = new UnigramBorder(0, 0, -1);
        for (int start = 0; start < text.Length;)
        {
            int next = Math.Min(start + UnigramNormalizer.Utf8Length(text[start]), text.Length);
            double before = borders[start].Score;
            bool covered = false;
            int node = ByteTrie.Root;
            for (int end = start; end < text.Length && (node = _trie.Child(node, text[end])) >= 0;)
            {
                int token = _trie.NumberAt(node);
                if (token < 0)
                {
                    end++;
                    continue;
                }

                Offer(ref borders[++end], before + _scores[token], start, token);
                covered |= end == next;
            }

            if (!covered)
            {
                Offer(ref borders[next], before + _unknownScore, start, _unknownId);
            }

            start = next;
        }
    }

    private static void Offer(ref UnigramBorder border, double score, int start, int token)
    {
        if (score > border.Score)
        {
            border = new UnigramBorder(score, start, token);
        }
    }
}
