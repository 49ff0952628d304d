using System.Text.Json;

namespace LayerStream.Session;

/// <summary>The messages of one conversation: a system message or none, then questions and answers by turns.</summary>
public sealed class Conversation
{
    private const long MostFileBytes = 64L << 20;
    private readonly List<ChatMessage> _messages = [];

    /// <summary>The system message; null or empty = none.</summary>
    public string? System { get; set; }

    /// <summary>Questions and answers.</summary>
    public IReadOnlyList<ChatMessage> Turns => _messages;

    /// <summary>All messages, as a template takes them.</summary>
    public IEnumerable<(string Role, string Content)> Messages =>
        _messages.Select(m => (m.Role, m.Content)).Prepend((ChatMessage.SystemRole, System ?? ""))
            .Skip(string.IsNullOrEmpty(System) ? 1 : 0);

    /// <summary>The question asked last; null before the first.</summary>
    public string? LastQuestion => _messages.FindLast(m => m.Role == ChatMessage.User)?.Content;

    /// <summary>Adds a question.</summary>
    public void Ask(string question) => _messages.Add(new ChatMessage(ChatMessage.User, question));

    /// <summary>Adds the answer to the question; an empty one takes the question back.</summary>
    public void Answer(string answer)
    {
        if (answer.Length > 0)
        {
            _messages.Add(new ChatMessage(ChatMessage.Assistant, answer));
        }
        else
        {
            TakeBack();
        }
    }

    /// <summary>Forgets the last question and what came after it.</summary>
    public void TakeBack()
    {
        int last = _messages.FindLastIndex(m => m.Role == ChatMessage.User);
        if (last >= 0)
        {
            _messages.RemoveRange(last, _messages.Count - last);
        }
    }

    /// <summary>Forgets everything but the system message.</summary>
    public void Reset() => _messages.Clear();

    /// <summary>Writes the conversation as JSON: <c>{"messages":[{"role":…,"content":…}]}</c>, the form that chat APIs take.</summary>
    /// <exception cref="UsageException">The file is a model.</exception>
    /// <exception cref="IOException">The file cannot be written; what it held before is still there.</exception>
    public void Save(string path)
    {
        if (ModelFile.IsModel(path))
        {
            throw new UsageException($"{path} is a model, and a conversation is not written over one. Give another name.");
        }

        ConversationFile file = new([.. Messages.Select(m => new ChatMessage(m.Role, m.Content))]);
        using MemoryStream text = new();
        JsonOut.Write(text, file, ConversationJson.Default.ConversationFile, indented: true);
        byte[] bytes = text.ToArray();
        FileInfo there = new(path);
        if (there is not { Exists: true, Length: > 0 })
        {
            File.WriteAllBytes(path, bytes); // nothing to lose, or no file with a length, such as a pipe
            return;
        }

        there = there.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? there;
        ReplacedFile.Write(there.FullName, bytes);
    }

    /// <summary>Takes the conversation of a file in place of this one; unchanged on any error.</summary>
    /// <exception cref="UsageException">The file holds no conversation.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public void Load(string path)
    {
        if (new FileInfo(path) is { Exists: true, Length: > MostFileBytes })
        {
            throw new UsageException($"{path} is too long for a conversation.");
        }

        ConversationFile? file;
        try
        {
            file = JsonSerializer.Deserialize(File.ReadAllBytes(path), ConversationJson.Default.ConversationFile);
        }
        catch (JsonException e)
        {
            throw new UsageException($"{path} holds no conversation: {e.Message}");
        }

        if (file?.Messages is not { } messages || messages.Any(m => m?.Role is null || m.Content is null))
        {
            throw new UsageException($"{path} holds no conversation: 'messages' with 'role' and 'content' are missing.");
        }

        System = messages is [{ Role: ChatMessage.SystemRole } first, ..] ? first.Content : null;
        _messages.Clear();
        _messages.AddRange(messages.Skip(System is null ? 0 : 1));
    }
}
