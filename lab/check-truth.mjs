export async function checkTruth() {}
