using LayerStream.Tokenization.PreTokenization;
using LayerStream.Tokenization.Vocabularies;

namespace LayerStream.Tokenization.Encoders;

/// <summary>Byte-level BPE: every word starts as its UTF-8 bytes.</summary>
internal sealed class ByteLevelEncoder<TRule> : FragmentEncoder
    where TRule : struct, IMergeRule
{
    private readonly Vocabulary _vocabulary;
    private readonly PreTokenizer _preTokenizer;
    private readonly TRule _rule;
    private readonly int[] _pieceOfByte = new int[256];

    public ByteLevelEncoder(Vocabulary vocabulary, PreTokenizer preTokenizer, TRule rule, long ruleBytes)
    {
        _vocabulary = vocabulary;
        _preTokenizer = preTokenizer;
        _rule = rule;
        ApproximateBytes = ruleBytes + 1024;
        for (int b = 0; b < 256; b++)
        {
            _pieceOfByte[b] = vocabulary.Pieces.Find([(byte)b]);
        }
    }

    public override long ApproximateBytes { get; }

    public override void Encode(ReadOnlySpan<char> fragment, EncodeScratch scratch, List<int> ids)
    {
        scratch.Split(fragment, _preTokenizer, spacePrefix: false);
        int begin = 0;
        foreach (int end in scratch.Ends)
        {
            EncodeWord(scratch.Utf8(begin, end, spaceMarks: false), scratch.Merger, ids);
            begin = end;
        }
    }

    private void EncodeWord(ReadOnlySpan<byte> word, SymbolMerger merger, List<int> ids)
    {
        int whole = _preTokenizer.IgnoresMerges ? _vocabulary.FindToken(word) : -1;
        if (whole >= 0)
        {
            ids.Add(whole);
            return;
        }

        merger.Clear();
        for (int i = 0; i < word.Length; i++)
        {
            merger.Add(i, 1, _pieceOfByte[word[i]]);
        }

        merger.Merge(_rule, word);
        for (int i = 0; i >= 0; i = merger[i].Next)
        {
            ref readonly SymbolMerger.Symbol symbol = ref merger[i];
            if (symbol.Piece >= 0 && symbol.Piece < _vocabulary.Size)
            {
                ids.Add(symbol.Piece);
                continue;
            }

            foreach (byte b in word.Slice(symbol.Start, symbol.Length))
            {
                int piece = _pieceOfByte[b];
                if (piece >= 0 && piece < _vocabulary.Size)
                {
                    ids.Add(piece);
                }
            }
        }
    }
}
