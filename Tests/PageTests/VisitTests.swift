import Foundation
import LatticeSupport
import MeanField
import Pipeline
import Testing
import Unaries

import Page

/// Requests that come too fast, that cannot be followed, or whose page has gone.
struct VisitTests {
  @Test func ofFastMovesTheLastOneIsShownAndNoneIsQueued() throws {
    let browser = Browser(PageSample.settings([PageSample.image()]))
    let count = 60
    for number in 1...count {
      #expect(
        browser.send(
          number,
          [
            "want": .text("render"), "slot": .number(0), "image": .number(0), "factor": .number(1),
            "plan": Plan(CRFModelOfTests.weighing(Float(number) / 10)).json,
          ]))
      // One that runs and one that waits, whatever comes.
      #expect(browser.site.jobCount <= 2)
    }
    let answers = try browser.answers { $0.number == count }
    #expect(answers.last?.isDropped == false)
    // Whatever was neither dropped nor last came before it.
    #expect(
      answers.filter { !$0.isDropped }.map(\.number)
        == answers.filter { !$0.isDropped }.map(\.number).sorted())
    #expect(answers.count == count)
    #expect(answers.count { $0.isDropped } > 0)
    let last = Plan(CRFModelOfTests.weighing(Float(count) / 10))
    let sample = try PageSample.image().load(PageSample.parallelism)
    #expect(
      try answers.last?.labels
        == PreparedPlan(last).run(sample.energies, over: sample.scene).labels.labels)
  }

  @Test func slotsDoNotDropEachOther() throws {
    let browser = Browser(PageSample.settings([PageSample.image()]))
    for slot in 0..<Visit.slotCount {
      #expect(
        browser.send(
          slot,
          [
            "want": .text("render"), "slot": .number(slot), "image": .number(0),
            "factor": .number(2), "plan": PageSample.plan.json,
          ]))
    }
    var left = Visit.slotCount
    let answers = try browser.answers { _ in
      left -= 1
      return left == 0
    }
    #expect(answers.map(\.number) == Array(0..<Visit.slotCount))
    #expect(answers.allSatisfy { !$0.isDropped })
  }

  @Test func whenAPageGoesItsWorkDoes() throws {
    let browser = Browser(PageSample.settings([PageSample.image(), PageSample.image("again")]))
    var plan = CRFModelOfTests.model
    plan.iterations = 100_000
    let request: KeyValuePairs<String, JSONValue?> = [
      "want": .text("render"), "slot": .number(0), "image": .number(0), "factor": .number(1),
      "plan": Plan(plan).json,
    ]
    #expect(browser.send(1, request))
    #expect(browser.send(2, ["want": .text("folder"), "plan": Plan(plan).json]))
    while browser.site.jobCount == 0 { Thread.sleep(forTimeInterval: 0.001) }
    browser.visit.end()
    // A hundred thousand updates would take hours.
    let deadline = ContinuousClock.now + .seconds(30)
    while browser.site.jobCount > 0, ContinuousClock.now < deadline {
      Thread.sleep(forTimeInterval: 0.005)
    }
    #expect(browser.site.jobCount == 0)
  }

  @Test func aBrokenFileIsAnErrorOfItsImageAlone() throws {
    let browser = Browser(
      PageSample.settings([PageSample.broken(), PageSample.painted(), PageSample.broken("c")]))
    let answer = try browser.ask(["want": .text("image"), "image": .number(0)])
    #expect(answer.error?.contains("broken.npy: is cut off") == true)
    let good = try browser.ask(["want": .text("image"), "image": .number(1)], number: 2)
    #expect(good.parts["rgb"]?.count == 3 * 15)
    #expect(good.parts["before"].flatMap(LabelRuns.labels)?.count == 15)
    #expect(try browser.render(PageSample.plan, image: 1, number: 3).labels?.count == 15)
  }

  @Test func aFolderIsMeasuredWithoutItsBrokenFiles() throws {
    let browser = Browser(
      PageSample.settings([PageSample.image("a"), PageSample.broken(), PageSample.image("b")]))
    #expect(browser.send(5, ["want": .text("folder"), "plan": PageSample.plan.json]))
    let answers = try browser.answers { $0.json["done"] == $0.json["total"] }
    #expect(answers.map { $0.json["done"]?.number } == [1, 2, 3])
    let last = try #require(answers.last?.json)
    guard case .list(let failures)? = last["failures"] else {
      Issue.record("no list of failures")
      return
    }
    #expect(failures.map { $0["image"]?.text } == ["broken"])
    // The same image twice has the figures of one.
    let one = try browser.render(PageSample.plan, number: 6).json["figures"]
    #expect(last["figures"] == one)
  }

  @Test func aFolderIsNoLongerMeasuredOnceItIsStopped() throws {
    let images = (0..<50).map { PageSample.image("\($0)") }
    let browser = Browser(PageSample.settings(images))
    #expect(browser.send(1, ["want": .text("folder"), "plan": PageSample.plan.json]))
    _ = try browser.answers { $0.number == 1 }
    #expect(browser.send(2, ["want": .text("stop")]))
    let answer = try browser.render(PageSample.plan, number: 3)
    #expect(answer.error == nil)
    Thread.sleep(forTimeInterval: 0.2)
    #expect(try browser.ask(["want": .text("describe")], number: 4).json["site"] != nil)
  }

  @Test(
    arguments: [
      (
        ["want": .text("render"), "slot": .number(4), "image": .number(0), "factor": .number(1)],
        "slot"
      ),
      (
        ["want": .text("render"), "slot": .number(0), "image": .number(7), "factor": .number(1)],
        "image"
      ),
      (
        ["want": .text("render"), "slot": .number(0), "image": .number(0), "factor": .number(0)],
        "factor"
      ),
      (
        ["want": .text("render"), "slot": .number(0), "image": .number(0), "factor": .number(99)],
        "factor"
      ),
      (["want": .text("point"), "slot": .number(-1), "x": .number(0), "y": .number(0)], "slot"),
      (["want": .text("dance")], "dance"),
    ] as [([String: JSONValue], String)])
  func whatCannotBeFollowedIsAnError(request: [String: JSONValue], word: String) throws {
    let browser = Browser(PageSample.settings([PageSample.painted()]))
    let members = request.map { JSONValue.Member($0.key, $0.value) } + [.init("number", .number(9))]
    #expect(browser.visit.take(.text(JSONValue.object(members).compactText)))
    let answer = try #require(try browser.answers { $0.number == 9 }.last)
    #expect(answer.error?.contains(word) == true)
  }

  @Test func whatNoPageSendsEndsTheConnection() {
    let browser = Browser(PageSample.settings([PageSample.painted()]))
    #expect(!browser.visit.take(.text("no JSON")))
    #expect(!browser.visit.take(.text(#"{"number": 1}"#)))
    #expect(!browser.visit.take(.data(Data([1, 2]))))
    let long = String(repeating: " ", count: 1 << 20) + #"{"want": "describe"}"#
    #expect(!browser.visit.take(.text(long)))
  }

  @Test func noMorePagesAreOpenThanAnybodyLooksAt() {
    let site = Site(PageSample.settings([PageSample.painted()]))
    defer { site.end() }
    let visitors = (0..<16).compactMap { _ in site.enter() }
    #expect(Set(visitors).count == 16)
    #expect(site.enter() == nil)
    site.leave()
    #expect(site.enter() != nil)
  }

  @Test func onlyFilesThatWereNamedAreRead() throws {
    let browser = Browser(PageSample.settings([PageSample.painted()]))
    let plans = [
      #"{"kind": "crf", "model": "/etc/passwd"}"#,
      #"{"kind": "superpixels", "segments": "/etc/passwd"}"#,
      #"""
      {"terms": [{"kernel": {"kind": "features", "file": "/etc/passwd"},
      "compatibility": {"kind": "potts", "weight": 1}}]}
      """#,
    ]
    for plan in plans {
      let answer = try browser.ask([
        "want": .text("render"), "slot": .number(0), "image": .number(0), "factor": .number(1),
        "plan": try JSONValue(parsing: plan),
      ])
      #expect(answer.labels == nil)
      let error = try #require(answer.error)
      #expect(
        error.contains("may not read") || error.contains("is not a preset")
          || error.contains("unknown preset"), "\(error)")
    }
  }
}
