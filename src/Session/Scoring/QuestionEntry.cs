using System.Text.Json;

namespace LayerStream.Session.Scoring;

/// <summary>A line of a file of questions: a question, or what is wrong with it.</summary>
/// <param name="Line">Number of the line, from 1.</param>
/// <param name="Id">The question's own name, if it can be told.</param>
/// <param name="Question">The question; null where there is an error.</param>
/// <param name="Error">What is wrong; null for a question.</param>
public sealed record QuestionEntry(int Line, JsonElement? Id, Question? Question, string? Error);
