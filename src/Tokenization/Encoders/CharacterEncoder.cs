using System.Collections;
using System.Text;
using LayerStream.Tokenization.PreTokenization;
using LayerStream.Tokenization.Vocabularies;

namespace LayerStream.Tokenization.Encoders;

/// <summary>SentencePiece-BPE and BPE over raw UTF-8: every word starts as its characters, spaces stand for U+2581, and what has no
/// token is written in byte tokens.</summary>
internal sealed class CharacterEncoder<TRule> : FragmentEncoder
    where TRule : struct, IMergeRule
{
    private readonly Vocabulary _vocabulary;
    private readonly PreTokenizer _preTokenizer;
    private readonly TRule _rule;
    private readonly bool _spacePrefix;
    private readonly BitArray _neighbours;
    private readonly int[] _tokenOfByte = new int[256];

    public CharacterEncoder(
        Vocabulary vocabulary, PreTokenizer preTokenizer, TRule rule, long ruleBytes, bool spacePrefix, int? unknownId)
    {
        _vocabulary = vocabulary;
        _preTokenizer = preTokenizer;
        _rule = rule;
        _spacePrefix = spacePrefix;
        _neighbours = vocabulary.NeighbouringBytes();
        ApproximateBytes = ruleBytes + 1024 + (_neighbours.Length / 8);
        for (int b = 0; b < 256; b++)
        {
            int token = vocabulary.FindToken(Encoding.ASCII.GetBytes($"<0x{b:X2}>"));
            token = token >= 0 || b >= 0x80 ? token : vocabulary.FindToken([(byte)b]);
            _tokenOfByte[b] = token >= 0 ? token : unknownId ?? -1;
        }
    }

    public override long ApproximateBytes { get; }

    public override void Encode(ReadOnlySpan<char> fragment, EncodeScratch scratch, List<int> ids)
    {
        scratch.Split(fragment, _preTokenizer, _spacePrefix);
        int begin = 0;
        foreach (int end in scratch.Ends)
        {
            EncodeWord(scratch.Utf8(begin, end, spaceMarks: true), scratch.Merger, ids);
            begin = end;
        }
    }

    private void EncodeWord(ReadOnlySpan<byte> word, SymbolMerger merger, List<int> ids)
    {
        // Only a word of line ends can be a whole token here; SPM words are whole fragments, whose merges lead to the same token.
        int whole = _preTokenizer.IsRaw && word[0] == '\n' ? _vocabulary.FindToken(word) : -1;
        if (whole >= 0)
        {
            ids.Add(whole);
            return;
        }

        // Where no merge can cross, short runs give the same tokens as the whole word, and sooner. Characters stay whole.
        int begin = 0;
        for (int i = 1; i < word.Length; i++)
        {
            if ((word[i] & 0xC0) != 0x80 && !_neighbours[(word[i - 1] << 8) | word[i]])
            {
                EncodeRun(word[begin..i], merger, ids);
                begin = i;
            }
        }

        EncodeRun(word[begin..], merger, ids);
    }

    private void EncodeRun(ReadOnlySpan<byte> word, SymbolMerger merger, List<int> ids)
    {
        merger.Clear();
        for (int i = 0; i < word.Length;)
        {
            int length = word[i] < 0x80 ? 1 : word[i] < 0xE0 ? 2 : word[i] < 0xF0 ? 3 : 4;
            merger.Add(i, length, _vocabulary.Pieces.Find(word.Slice(i, length)));
            i += length;
        }

        merger.Merge(_rule, word);
        for (int i = 0; i >= 0; i = merger[i].Next)
        {
            ref readonly SymbolMerger.Symbol symbol = ref merger[i];
            if (symbol.Piece >= 0 && symbol.Piece < _vocabulary.Size)
            {
                ids.Add(symbol.Piece);
            }
            else
            {
                AddBytes(word.Slice(symbol.Start, symbol.Length), ids);
            }
        }
    }

    private void AddBytes(ReadOnlySpan<byte> bytes, List<int> ids)
    {
        ReadOnlySpan<byte> spaceMark = [0xE2, 0x96, 0x81];
        foreach (byte b in bytes)
        {
            foreach (byte written in b == ' ' ? spaceMark : [b])
            {
                if (_tokenOfByte[written] >= 0)
                {
                    ids.Add(_tokenOfByte[written]);
                }
            }
        }
    }
}
