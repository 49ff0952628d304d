using CsCheck;
using LayerStream.Host.Server.Http;
using LayerStream.Host.Server.Service;

namespace LayerStream.Host.Tests.Server;

/// <summary>The turn always has an owner.</summary>
public sealed class AdmissionTests
{
    private const int QueueLimit = 4;

    private enum Step
    {
        Enter,
        Leave,
        EndTurn,
        Drain,
        Cancel,
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Admission_AnySchedule_NeverLosesATurn(int turns) =>
        Gen.Select(Gen.Enum<Step>(), Gen.Int[0, QueueLimit]).Array[1, 60].Sample(schedule =>
    {
        using Admission admission = new(QueueLimit) { Turns = turns };
        List<Admission.Place> places = [];
        foreach ((Step step, int index) in schedule)
        {
            Take(admission, places, step, index);
            Assert.Equal(places.Count(p => p.Turn.IsCompletedSuccessfully && !p.HasEndedTurn), admission.Running);
            Assert.InRange(admission.Running, 0, turns);
            Assert.True(admission.Waiting == 0 || admission.Running == turns, "somebody waits though there is a turn");
        }

        places.ForEach(p => p.Dispose());
        Assert.Equal((0, 0, 0), (admission.Running, admission.Waiting, admission.Admitted));
    });

    [Fact]
    public async Task Admission_ClientLeavesAtTheMomentOfItsTurn_TurnComesBack()
    {
        using Admission admission = new(QueueLimit);
        for (int round = 0; round < 20_000; round++)
        {
            Admission.Place running = admission.Enter();
            Task queued =
                Task.Run(() => LeaveAsync(admission.Enter(), new CancellationToken(canceled: true)), TestContext.Current.CancellationToken);
            Task leaving = Task.Run(running.Dispose, TestContext.Current.CancellationToken);
            await Task.WhenAll(queued, leaving);
            Assert.Equal(0, admission.Admitted);
        }

        static async Task LeaveAsync(Admission.Place place, CancellationToken gone)
        {
            using (place)
            {
                await Task.WhenAny(place.Turn.WaitAsync(gone));
            }
        }
    }

    [Fact]
    public async Task Drain_WithAQueue_RefusesItAtOnceAndLetsTheRunningOneGoOn()
    {
        using Admission admission = new(QueueLimit);
        using Admission.Place running = admission.Enter();
        using Admission.Place queued = admission.Enter();
        admission.Drain();
        ApiException refused = await Assert.ThrowsAsync<ApiException>(() => queued.Turn);
        Assert.Equal((503, "draining"), (refused.Status, refused.Code));
        Assert.True(running.Turn.IsCompletedSuccessfully);
        Assert.Equal(503, Assert.Throws<ApiException>(() => admission.Enter()).Status);
    }

    [Fact]
    public async Task Cancel_WaitingRequest_IsRefusedAndItsPlaceIsFree()
    {
        using Admission admission = new(1);
        using Admission.Place running = admission.Enter();
        using Admission.Place waiting = admission.Enter(path: "/v1/completions");
        Assert.Equal(["reading", "waiting"], admission.Requests(null).Select(r => r.State));
        Assert.True(admission.Cancel("cmpl-" + waiting.Id, null));
        Assert.Equal((410, "request_cancelled"), await RefusalAsync(waiting));
        Assert.Equal((1, 0), (admission.Running, admission.Waiting));
        Assert.False(admission.Cancel(waiting.Id, null));
        Assert.False(running.Cancelled.IsCancellationRequested);
        using Admission.Place another = admission.Enter();

        static async Task<(int, string?)> RefusalAsync(Admission.Place place)
        {
            ApiException refused = await Assert.ThrowsAsync<ApiException>(() => place.Turn);
            return (refused.Status, refused.Code);
        }
    }

    [Fact]
    public void Cancel_RequestOfAnotherKey_IsNotFound()
    {
        ApiKeys.Key anna = new([1], 1), bert = new([2], 1);
        using Admission admission = new(1);
        using Admission.Place running = admission.Enter(anna);
        Assert.Empty(admission.Requests(bert.Holder));
        Assert.Empty(admission.Requests(null));
        Assert.False(admission.Cancel(running.Id, bert.Holder));
        Assert.False(running.Cancelled.IsCancellationRequested);
        Assert.True(admission.Cancel(running.Id, anna.Holder));
        Assert.True(running.Cancelled.IsCancellationRequested);
    }

    [Fact]
    public void Enter_QueueFull_Is429WithRetryAfter()
    {
        using Admission admission = new(1);
        using Admission.Place running = admission.Enter();
        using Admission.Place waiting = admission.Enter();
        ApiException refused = Assert.Throws<ApiException>(() => admission.Enter());
        Assert.Equal(429, refused.Status);
        Assert.True(refused.RetryAfterSeconds > 0);
    }

    [Fact]
    public void Background_WhileNobodyElseComes_HasAllTurnsAndGivesOneUpWhenItIsWanted()
    {
        using Admission admission = new(1) { Turns = 3 };
        Admission.Place[] guests = [.. Enumerable.Range(0, 5).Select(_ => admission.EnterBackground())];
        Assert.Equal([true, true, true, false, false], guests.Select(g => g.Turn.IsCompletedSuccessfully));
        using Admission.Place first = admission.Enter();
        Assert.True(first.Turn.IsCompletedSuccessfully);
        Admission.Place leaving = Assert.Single(guests, g => g.Preempted.IsCompleted);
        leaving.Dispose();
        Assert.Equal((3, 2), (admission.Running, guests.Count(g => g.Turn.IsCompletedSuccessfully) - 1));
        using Admission.Place second = admission.Enter(), third = admission.Enter(), waits = admission.Enter();
        Assert.Equal([true, true, false], new[] { second, third, waits }.Select(p => p.Turn.IsCompletedSuccessfully));
        Assert.Equal(3, guests.Count(g => g.Preempted.IsCompleted));
        Assert.Equal(429, Assert.Throws<ApiException>(() => admission.Enter()).Status); // by others alone
        Array.ForEach(guests, g => g.Dispose());
        Assert.Equal((3, 1), (admission.Running, admission.Waiting));
    }

    [Fact]
    public void Background_AfterARequest_LeavesATurnFreeUntilItIsQuiet()
    {
        HandClock clock = new();
        using Admission admission = new(1, clock) { Turns = 2 };
        admission.Enter().Dispose();
        using Admission.Place one = admission.EnterBackground(), other = admission.EnterBackground();
        Assert.Equal((true, false), (one.Turn.IsCompletedSuccessfully, other.Turn.IsCompletedSuccessfully));
        clock.Now += Admission.Quiet;
        admission.Refresh();
        Assert.True(other.Turn.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Drain_WithABackground_EndsIt()
    {
        using Admission admission = new(1);
        using Admission.Place running = admission.EnterBackground(), waiting = admission.EnterBackground();
        admission.Drain();
        Assert.True(running.Preempted.IsCompleted);
        Assert.Equal("draining", (await Assert.ThrowsAsync<ApiException>(() => waiting.Turn)).Code);
        Assert.Equal("draining", Assert.Throws<ApiException>(() => admission.EnterBackground()).Code);
    }

    private static void Take(Admission admission, List<Admission.Place> places, Step step, int index)
    {
        switch (step)
        {
            case Step.Enter:
                try
                {
                    places.Add(admission.Enter());
                }
                catch (ApiException)
                {
                    // Full or draining: both are answers.
                }

                break;
            case Step.Leave when places.Count > 0:
                places[index % places.Count].Dispose();
                places.RemoveAt(index % places.Count);
                break;
            case Step.EndTurn when places.Count > 0:
                places[index % places.Count].EndTurn();
                break;
            case Step.Cancel when places.Count > 0:
                admission.Cancel(places[index % places.Count].Id, null);
                break;
            case Step.Drain when index == 0:
                admission.Drain();
                break;
        }
    }
}
