import Testing

/// The C program of the examples, which sees nothing but `latticecrf.h`.
struct CExampleTests {
  @Test("the C example mends labels, lowers the energy, and survives a wrong call")
  func run() throws {
    let run = try Command.run([], of: "c-refine", in: Workspace())
    #expect(run.status == 0, "\(run.output)\(run.errors)")
    #expect(run.output.contains(/wrong of 9216 pixels: \d{3} before, \d{1,2} after/))
    #expect(run.output.contains("a second destroy is refused"))
  }
}
